"""`zoco doctor`: is everything the Hub needs in order? Each line says what, and the cure."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict

from zoco.cli.place import add_place, settings_of
from zoco.cli.talk import add_json, show
from zoco.cli.types import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "doctor",
        help="check that everything is in order",
        description="Check folder, database, store, keys and programs. Exit code 1 when something must be repaired.",
    )
    add_json(parser)
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from zoco.cli.checks import State, check_all

    findings = check_all(settings_of(args))
    if args.json:
        show([asdict(one) for one in findings], as_json=True, nothing="")
    else:
        marks = {State.OK: "32", State.WARN: "33", State.FAIL: "31"} if sys.stdout.isatty() else {}
        for one in findings:
            state = f"{one.state:<4}"
            state = f"\x1b[{marks[one.state]}m{state}\x1b[0m" if marks else state
            print(f"{state}  {one.what}" + (f"\n      {one.cure}" if one.cure else ""))
    return 1 if any(one.state is State.FAIL for one in findings) else 0
