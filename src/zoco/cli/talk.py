"""How commands speak: data on stdout, talk on stderr, questions only to somebody who is there."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from zoco.core.errors import Invalid

Row = Mapping[str, object]


def say(text: str) -> None:
    print(text, file=sys.stderr)


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def show(rows: Sequence[Row], *, as_json: bool, nothing: str) -> None:
    """A table, or a JSON list; `nothing` is said when there are no rows."""
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif not rows:
        say(nothing)
    else:
        _table(rows)


def is_confirmed(args: argparse.Namespace, question: str) -> bool:
    """Raises Invalid when nobody can be asked."""
    if args.yes:
        return True
    if not sys.stdin.isatty():
        raise Invalid(f"{question} Nobody is here to ask: add --yes if you mean it.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def read_secret(place: str) -> str:
    """The first line of a file, or of stdin for `-`. Raises Invalid."""
    try:
        text = sys.stdin.readline() if place == "-" else Path(place).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{place} cannot be read: {error}") from error
    return text.split("\n", 1)[0].removesuffix("\r")


def time_of(ms: int | None) -> str | None:
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bytes_of(size: int) -> str:
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _table(rows: Sequence[Row]) -> None:
    heads = list(rows[0])
    cells = [heads, *([_cell(row[head]) for head in heads] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case _:
            text = str(value)
            return text if text.isprintable() else repr(text)
