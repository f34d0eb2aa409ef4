"""The page about the API lists every call that is served, and none that is not."""

from __future__ import annotations

from pathlib import Path

from zoco.surfaces.hub_api.openapi import paths_of
from zoco.surfaces.hub_api.routes import calls, later

PAGE = Path(__file__).parents[4] / "docs" / "protocols" / "hub-api.md"


def table() -> str:
    rows = [
        f"| {call.method} | `{path}` | {call.summary}{' (501 for now)' if call in later else ''} |"
        for call in [*calls, *later]
        for path in paths_of(call)
    ]
    return "\n".join(
        ["| method | path | what it does |", "|---|---|---|", *sorted(rows, key=lambda row: row.split("`")[1])]
    )


def test_every_call_is_documented_as_it_is() -> None:
    assert table() in PAGE.read_text("utf-8")


if __name__ == "__main__":
    print(table())
