"""The pages' built files: the same build as an installation runs, free when nothing changed."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="session", autouse=True)
def built_assets() -> None:
    runpy.run_path(str(ROOT / "hatch_build.py"))["build"]()
