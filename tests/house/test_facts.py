"""The facts of formats/cards are those of the npm packages that package.json pins, as their generator writes them."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT / "src/zoco/formats/cards/facts"
PACKAGES = ("@huggingface/tasks", "@huggingface/languages")


@pytest.fixture(scope="module")
def node() -> Sequence[str]:
    """How to run Node, with the packages in place. Skips where there is neither Node nor a registry."""
    build = runpy.run_path(str(ROOT / "hatch_build.py"))
    try:
        command, path = build["_npm"]()
    except build["_NpmFailed"] as failed:
        pytest.skip(str(failed))
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    if any(_installed(name) != wanted[name] for name in PACKAGES):
        done = subprocess.run(
            [*command, "ci", "--ignore-scripts"],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            pytest.skip(f"the packages cannot be fetched: {done.stderr[-500:]}")
    found = shutil.which("node", path=path)
    assert found is not None, "npm is here, and Node is not"
    return [found]


def _installed(name: str) -> str | None:
    about = ROOT / "node_modules" / name / "package.json"
    return json.loads(about.read_text())["version"] if about.exists() else None


def test_generating_the_facts_again_changes_nothing(node: Sequence[str], tmp_path: Path) -> None:
    subprocess.run([*node, "tools/gen_tasks.mjs", str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    written = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert written == {file.name: file.read_bytes() for file in FACTS.glob("*.json")}


def test_every_file_of_facts_names_its_package_and_the_notice_too() -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    sources = {json.loads(file.read_text("utf-8"))["source"] for file in FACTS.glob("*.json")}
    assert sources == {f"{name} {wanted[name]} (MIT)" for name in PACKAGES}
    assert all(name in notice for name in PACKAGES)
