"""The real git and git-lfs, as a user without any configuration would run them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.running import Person, Server

CONFIG = """\
[user]
    name = Ana
    email = ana@example.org
[init]
    defaultBranch = main
[gc]
    auto = 0
[maintenance]
    auto = false
[protocol "file"]
    allow = always
"""

LFS_CONFIG = """\
[filter "lfs"]
    clean = git-lfs clean -- %f
    smudge = git-lfs smudge -- %f
    process = git-lfs filter-process
    required = true
[lfs]
    concurrenttransfers = 4
"""


@dataclass(frozen=True)
class Git:
    """git in one folder. Nothing of the machine's own configuration counts."""

    folder: Path
    home: Path

    def __call__(self, *arguments: str, check: bool = True, input: bytes | None = None, **env: str) -> str:
        """What it printed, stdout then stderr."""
        done = self.run(*arguments, input=input, **env)
        printed = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert not check or done.returncode == 0, f"git {' '.join(arguments)}:\n{printed}"
        return printed

    def run(self, *arguments: str, input: bytes | None = None, **env: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=self.environment() | env,
            input=input,
            capture_output=True,
            timeout=300,
        )

    def fails(self, *arguments: str, **env: str) -> str:
        """What it printed when it failed, as it must."""
        done = self.run(*arguments, **env)
        printed = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert done.returncode != 0, f"git {' '.join(arguments)} should have failed:\n{printed}"
        return printed

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["git", *arguments],
            cwd=self.folder,
            env=self.environment() | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "LC_ALL": "C.UTF-8",
        }

    def value(self, *arguments: str) -> str:
        """Stdout alone, without the last newline."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return done.stdout.decode("utf-8", "replace").strip()

    def at(self, folder: Path) -> Git:
        return Git(folder, self.home)

    def new(self, name: str) -> Git:
        """A new repository beside this folder's content."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        git = self.at(folder)
        git("init", "-q")
        return git

    def clone(self, url: str, name: str, *options: str) -> Git:
        self("clone", "-q", *options, url, name)
        return self.at(self.folder / name)

    def commit(self, files: dict[str, str | bytes], message: str = "change") -> str:
        """Write files, commit all of them, and give the commit's id."""
        for path, content in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        self("add", "-A")
        self("commit", "-q", "-m", message)
        return self.value("rev-parse", "HEAD")

    def is_sound(self) -> bool:
        done = self.run("fsck", "--full", "--strict")
        return done.returncode == 0 and b"error" not in done.stderr and b"missing" not in done.stdout


def git_in(folder: Path, *, lfs: bool = False) -> Git:
    home = folder / ".home"
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitconfig").write_text(CONFIG + (LFS_CONFIG if lfs else ""))
    return Git(folder, home)


def api(server: Server, person: Person | None, method: str, path: str, json: Any = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {person.token}"} if person else {}
    return httpx.request(method, f"{server.url}{path}", headers=headers, json=json, timeout=60)


def create_repo(
    server: Server, person: Person, name: str, *, private: bool = False, kind: str = "model", **more: object
) -> str:
    """Its path: `ana/name`, `datasets/ana/name`."""
    body = {"name": name, "organization": None, "type": kind, "private": private, **more}
    made = api(server, person, "POST", "/api/repos/create", body)
    assert made.status_code == 200, made.text
    prefix = "" if kind == "model" else f"{kind}s/"
    return f"{prefix}{person.name}/{name}"


def url_of(server: Server, path: str, person: Person | None = None, *, password: str | None = None) -> str:
    """With the person's name and token in it, as many people write it."""
    who = f"{person.name}:{password or person.token}@" if person else ""
    return f"http://{who}127.0.0.1:{server.port}/{path}"


def remote_refs(git: Git, url: str) -> dict[str, str]:
    """What the server has, without HEAD: ref -> oid."""
    lines = git.value("ls-remote", url).splitlines()
    return {name: oid for oid, name in (line.split("\t") for line in lines) if name != "HEAD"}
