"""huggingface_hub as its users run it: against our server, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import HfApi
from tests.running import Person, Server

HF = Path(sys.executable).with_name("hf")


def api_of(server: Server, person: Person | None) -> HfApi:
    return HfApi(endpoint=server.url, token=person.token if person else False)


def environment(server: Server, home: Path, **more: str) -> dict[str, str]:
    """Of a fresh machine: no token, no cache, only the address of our Hub."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING", "ZOCO_"))}
    return clean | {
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_ENDPOINT": server.url,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_COLOR": "1",
        **more,
    }


def hf(
    server: Server, home: Path, *arguments: str, input: str | None = None, check: bool = True, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `hf …`."""
    return run([str(HF), *arguments], environment(server, home, **more), input=input, check=check)


def run(
    command: list[str], env: Mapping[str, str], *, input: str | None = None, check: bool = True, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        command, env=dict(env), input=input, text=True, capture_output=True, timeout=600, cwd=cwd, check=False
    )
    shown = f"{' '.join(command)}\n{result.stdout[-4000:]}\n{result.stderr[-6000:]}"
    assert not check or result.returncode == 0, shown
    return result
