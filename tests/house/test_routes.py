"""Every address that is served is documented, and no documented page is gone."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.routing import Route

from zoco.app import own_routes
from zoco.surfaces.git.routes import routes as git_routes
from zoco.surfaces.lfs.routes import routes as lfs_routes
from zoco.surfaces.web.routes import routes as web_routes

PROTOCOLS = Path(__file__).parents[2] / "docs" / "protocols"


def plain(path: str) -> str:
    """`/datasets/{ns:seg}/{name:seg}/tree/{rev:seg}` as `{R}/tree/{rev}`."""
    without_types = re.sub(r":\w+}", "}", path)
    return re.sub(r"^(/datasets|/spaces)?/\{ns\}/\{name\}", "{R}", without_types)


def documented(page: str) -> set[str]:
    return set(re.findall(r"`((?:/|\{R\})[^`\s]*)`", (PROTOCOLS / page).read_text("utf-8")))


def test_every_page_is_documented_and_no_documented_one_is_gone() -> None:
    served = {plain(route.path) for route in [*web_routes, *own_routes] if isinstance(route, Route)}
    assert len(served) > 40
    not_pages = {path for path in documented("web.md") if re.search(r"/(resolve|raw)/", path)}
    rows = {path for path in documented("web.md") if "{ns}/{name}" not in path} - not_pages
    assert rows == served


def test_every_git_and_lfs_address_is_documented() -> None:
    for page, routes in (("git.md", git_routes), ("lfs.md", lfs_routes)):
        text = (PROTOCOLS / page).read_text("utf-8")
        tails = {re.sub(r"^.*\{name\}/", "", plain(r.path).replace("{R}/", "")) for r in routes if isinstance(r, Route)}
        assert not [tail for tail in tails if re.sub(r"/?\{\w+\}.*", "", tail) not in text]
