"""`zoco gc`: give back what nothing needs any more, now and not at the next turn of the schedule."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from zoco.cli.place import BadSettings, add_place, settings_of
from zoco.cli.talk import add_json, bytes_of, say, show
from zoco.cli.types import Commands

if TYPE_CHECKING:
    from zoco.core.garbage import Gone
    from zoco.hub.repos.garbage import Skipped
    from zoco.hub.repos.storage import RepoStorage


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "gc",
        help="give back what nothing needs any more",
        description="Give back what no ref, repository or file needs any more, once it was so for the grace time. A "
        "running server does the same each hour. May be interrupted, and repeated.",
    )
    parser.add_argument("--dry-run", action="store_true", help="only list what would go, and why")
    parser.add_argument(
        "--grace-hours", type=_hours, metavar="N", help="instead of gc_grace_hours; 0 only while nobody uploads"
    )
    parser.add_argument(
        "--bump-generation",
        action="store_true",
        help="after a restore from a backup: Xet clients forget what they remember of this Hub",
    )
    add_json(parser)
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from zoco.adapters import logs
    from zoco.assembly import gc_rules, opened
    from zoco.hub.repos import garbage

    settings = settings_of(args)
    logs.set_up("warning")
    totals = Totals()
    try:
        with opened(settings) as storage, _items(args) as tell_item:
            if args.bump_generation and not args.dry_run:
                _begin_anew(storage)

            def tell(gone: Gone) -> None:
                totals.add(gone)
                tell_item(gone)

            go = garbage.rehearse if args.dry_run else garbage.run
            skipped = go(storage, gc_rules(settings, args.grace_hours), tell)
    except ValueError as error:  # schema or store
        raise BadSettings(str(error)) from error
    _tell_totals(args, totals, skipped)
    return 1 if skipped else 0


class Totals:
    """By kind and reason, in the order they came."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], list[int]] = {}

    def add(self, gone: Gone) -> None:
        row = self._rows.setdefault((gone.kind.value, gone.why), [0, 0])
        row[0] += gone.count
        row[1] += gone.size

    def rows(self) -> list[dict[str, object]]:
        return [
            {"kind": kind, "count": count, "size": size, "why": why}
            for (kind, why), (count, size) in self._rows.items()
        ]


@contextmanager
def _items(args: argparse.Namespace) -> Iterator[Callable[[Gone], None]]:
    """Each as soon as it is known: there may be millions. Of JSON it is the beginning; the totals end it."""
    if not args.dry_run:
        yield lambda _gone: None
        print("{" if args.json else "", end="")
    elif not args.json:
        yield lambda gone: print(f"{gone.kind.value}  {gone.what}  {bytes_of(gone.size)}: {gone.why}")
    else:
        comma = ""

        def tell(gone: Gone) -> None:
            nonlocal comma
            print(f"{comma}\n{json.dumps(asdict(gone), ensure_ascii=False)}", end="")
            comma = ","

        print('{"items": [', end="")
        yield tell
        print("\n],")


def _tell_totals(args: argparse.Namespace, totals: Totals, skipped: list[Skipped]) -> None:
    if args.json:
        rest = {"dry_run": args.dry_run, "totals": totals.rows(), "skipped": [asdict(one) for one in skipped]}
        print(json.dumps(rest, ensure_ascii=False, indent=2)[1:])
        return
    if args.dry_run and totals.rows():
        print()
    rows = [{**row, "size": bytes_of(int(str(row["size"])))} for row in totals.rows()]
    show(rows, as_json=False, nothing="Nothing would go." if args.dry_run else "There was nothing to give back.")
    for one in skipped:
        say(
            f"Skipped {one.repo}, of which nothing goes until it is whole: {one.why} Run `zoco fsck --repo {one.repo}`."
        )


def _begin_anew(storage: RepoStorage) -> None:
    from zoco.hub.xet.instance import begin_anew

    with storage.db.write() as write:
        name = begin_anew(write)
    say(f"Xet clients know this Hub as {name} from now on, and forget what they remembered.")


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 <= hours < 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no number of hours")
    return hours
