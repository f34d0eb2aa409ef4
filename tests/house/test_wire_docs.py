"""What git and git-lfs may ask is documented, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import BaseRoute, Route

from zoco.surfaces.git.routes import routes as git_routes
from zoco.surfaces.lfs.routes import routes as lfs_routes
from zoco.surfaces.xet.routes import routes as xet_routes

PROTOCOLS = Path(__file__).parents[2] / "docs" / "protocols"


def served(routes: list[BaseRoute]) -> set[str]:
    """As in the documents: what follows the repository."""
    paths = {route.path for route in routes if isinstance(route, Route)}
    return {re.sub(r"\{(\w+):\w+\}", r"{\1}", path.split("{name:seg}/", 1)[1]) for path in paths}


@pytest.mark.parametrize(("document", "routes"), [("git.md", git_routes), ("lfs.md", lfs_routes)])
def test_the_routes_of_a_wire_are_those_of_its_document(document: str, routes: list[BaseRoute]) -> None:
    text = (PROTOCOLS / document).read_text("utf-8")
    documented = set(re.findall(r"\| `/\{repo\}(?:\.git)?/([^`]+)` \|", text))
    assert documented == served(routes)


def test_the_calls_of_the_xet_store_are_those_of_its_document() -> None:
    served = set()
    for route in xet_routes:
        if isinstance(route, Route) and not route.path.endswith(":rest}"):
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path).replace("/xet/{segment}", "{cas}")
            methods = route.methods or set()
            served |= {f"{method} {path}" for method in methods - ({"HEAD"} if "GET" in methods else set())}
    text = (PROTOCOLS / "xet.md").read_text("utf-8")
    documented = set()
    for methods, path in re.findall(r"\| ([A-Z, ]+) \| `((?:\{cas\}|/xet)/[^`]+)` \|", text):
        documented |= {f"{method} {path}" for method in methods.split(", ")}
    assert documented == served - {"POST /v1/telemetry"}
