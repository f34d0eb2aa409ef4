"""Documentation is a contract: every setting, command and route is in it, and nothing that is not there."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from pathlib import Path

from zoco.cli.main import build_parser
from zoco.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
ADR_LINES_MAX = 30


def settings_table() -> str:
    rows = [f"| `{f.name}` | `{f.default}` | {f.metadata['help']} |" for f in fields(Settings)]
    return "\n".join(["| setting | default | what it does |", "|---|---|---|", *rows])


def test_every_setting_is_documented_as_it_is() -> None:
    """`docs/guide/settings.md` holds this table word for word; print it with `python -m tests.house.test_docs`."""
    assert settings_table() in (DOCS / "guide" / "settings.md").read_text("utf-8")


def commands(parser: argparse.ArgumentParser, prefix: str = "zoco") -> list[tuple[str, argparse.ArgumentParser]]:
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                inner = commands(child, f"{prefix} {name}")
                found += inner or [(f"{prefix} {name}", child)]
    return found


def test_every_command_and_its_options_are_documented() -> None:
    text = (DOCS / "guide" / "commands.md").read_text("utf-8")
    all_commands = commands(build_parser())
    assert len(all_commands) > 10
    missing = []
    for name, parser in all_commands:
        section = re.search(rf"^#+ `{re.escape(name)}\b.*?(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
        if section is None:
            missing.append(name)
            continue
        own = {o for a in parser._actions for o in a.option_strings if o.startswith("--")} - SHARED_OPTIONS
        missing += [f"{name} {option}" for option in own if option not in section.group()]
    assert not missing


SHARED_OPTIONS = {"--help", "--data", "--database-url", "--storage-url", "--json", "--yes"}


def test_no_documented_command_is_gone() -> None:
    text = (DOCS / "guide" / "commands.md").read_text("utf-8")
    real = {name for name, _ in commands(build_parser())}
    documented = {m.strip() for m in re.findall(r"^#+ `(zoco [a-z -]+?)(?= [A-Z[(]|`)", text, re.MULTILINE)}
    assert documented <= real


def test_decisions_are_short_and_numbered() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    assert not [p.name for p in pages if len(p.read_text("utf-8").splitlines()) > ADR_LINES_MAX]


def test_no_document_links_to_a_page_that_is_not_there() -> None:
    broken = []
    for page in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text("utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name} -> {target}")
    assert not broken


if __name__ == "__main__":
    print(settings_table())
