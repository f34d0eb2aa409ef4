"""`zoco migrate`: bring the database to this version's schema."""

from __future__ import annotations

import argparse

from zoco.cli.place import BadSettings, add_place, settings_of
from zoco.cli.talk import say
from zoco.cli.types import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "migrate",
        help="bring the database to this version's schema",
        description="Bring the database to this version's schema. An embedded one is copied first. Stop the other "
        "nodes of a PostgreSQL one, and make a backup.",
    )
    parser.add_argument("--check", action="store_true", help="only say what would be done: exit code 1 if anything")
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from zoco.adapters.db.migrate import SchemaProblem, migrate, schema_of
    from zoco.adapters.db.open import open_database

    settings = settings_of(args)
    db = open_database(settings)
    try:
        if args.check:
            pending = schema_of(db).pending
            say(f"To be applied: {', '.join(pending)}." if pending else "The schema is current.")
            return 1 if pending else 0
        applied = migrate(db, backups=settings.data / "backups")
    except SchemaProblem as error:
        raise BadSettings(str(error)) from error
    finally:
        db.close()
    say(f"Applied: {', '.join(applied)}." if applied else "The schema was current already.")
    return 0
