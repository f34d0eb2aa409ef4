"""A real `zoco serve` in its own processes, for tests that drive it with real clients."""

from __future__ import annotations

import fcntl
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

READY_WITHIN_S = 60
ZOCO = (sys.executable, "-m", "zoco.cli.main")


@dataclass(frozen=True)
class Person:
    name: str
    password: str
    token: str


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    status: int


_REQUEST = re.compile(r" request method=(\S+) path=(\S+) status=(\d+)")


@dataclass
class Server:
    """One Hub. `settings` are further `ZOCO_*` values without the prefix, in lower case."""

    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    workers: int = 1
    log: Path = Path()
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def group(self) -> int:
        """The process group that all its processes are in."""
        assert self._process
        return self._process.pid

    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("ZOCO_", "HF_"))}
        return clean | {f"ZOCO_{name.upper()}": value for name, value in self.settings.items()}

    def start(self, **environment: str) -> Server:
        self.data.mkdir(parents=True, exist_ok=True)
        self.log = self.data.parent / f"{self.data.name}.log"
        self.port = self.port or free_port()
        command = [*ZOCO, "serve", "--data", str(self.data), "--port", str(self.port), "--workers", str(self.workers)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.environment() | environment, start_new_session=True
            )
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        assert self._process
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"zoco serve ended at once:\n{self.log.read_text('utf-8', 'replace')[-4000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.log.read_text('utf-8', 'replace')[-4000:]}")

    def stop(self) -> None:
        """As an operator would: SIGTERM, and wait."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=60)
        self._process = None

    def kill(self) -> None:
        """As a power cut would: every process of this Hub at once, no chance to tidy up."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=60)
        self._process = None

    def requests(self, method: str, part: str, since: int = 0) -> list[Request]:
        """Those that were answered since the log was `since` bytes long and have `part` in their path."""
        found = _REQUEST.finditer(self.log.read_bytes()[since:].decode("utf-8", "replace"))
        all_of = [Request(one[1], one[2], int(one[3])) for one in found]
        return [one for one in all_of if one.method == method and part in one.path]

    def cli(self, *arguments: str, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `zoco …` on the same data."""
        result = subprocess.run(
            [*ZOCO, *arguments, "--data", str(self.data)],
            env=self.environment(),
            input=input,
            text=True,
            capture_output=True,
            timeout=120,
        )
        assert not check or result.returncode == 0, f"zoco {' '.join(arguments)}: {result.stderr}"
        return result

    def person(self, name: str, *, admin: bool = False, role: str = "write") -> Person:
        """A new account with a password and a token."""
        password = f"pw-{secrets.token_hex(8)}"
        flags = ["--admin"] if admin else []
        self.cli("user", "add", name, "--password-file", "-", *flags, input=password)
        return Person(name, password, self.token(name, role))

    def token(self, name: str, role: str = "write") -> str:
        return self.cli("token", "add", name, "--role", role).stdout.strip()


def free_port() -> int:
    """A port for this run alone: claimed by a lock until this process ends, and outside the range from which the
    system takes ports for outgoing connections, one of which might else have it before the server does."""
    claims = Path(tempfile.gettempdir()) / "zoco-test-ports"
    claims.mkdir(exist_ok=True)
    while True:
        port = random.randint(20_000, 32_000)
        claim = os.open(claims / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            os.close(claim)
            continue
        _claims.append(claim)
        return port


_claims: list[int] = []


def kills(number: int) -> int:
    """How often a test kills the server: more in `make soak`."""
    return number * int(os.environ.get("TEST_KILLS", "1"))
