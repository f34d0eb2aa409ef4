"""`zoco reindex`: write the index of the lists anew."""

from __future__ import annotations

import argparse

from zoco.cli.place import add_place, database, settings_of
from zoco.cli.talk import say
from zoco.cli.types import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "reindex",
        help="write the index of the lists anew",
        description="Write the index that lists and searches are answered from anew, from the database. A running "
        "server does so by itself when enough has changed, and takes the new one up at once.",
    )
    parser.add_argument("--if-due", action="store_true", help="only when enough has changed since the last time")
    parser.add_argument("--end-with-parent", action="store_true", help="end when the process that started it ends")
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from zoco.adapters import logs
    from zoco.adapters.parent import die_with_parent
    from zoco.hub.catalog.current_index import CATALOGUE
    from zoco.hub.catalog.generations import build, write_what_is_due

    if args.end_with_parent:
        die_with_parent()
    settings = settings_of(args)
    logs.set_up(settings.log_level)
    folder = settings.data / CATALOGUE
    with database(args) as db:
        if args.if_due:
            write_what_is_due(db, folder)
            return 0
        made = build(db, folder)
    if made is None:
        say("Another process is writing the index of this data folder now: nothing was done.")
        return 1
    counts = ", ".join(f"{segment.size} {type.plural}" for type, segment in made.segments.items())
    say(f"The index holds {counts}.")
    return 0
