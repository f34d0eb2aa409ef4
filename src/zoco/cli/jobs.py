"""`zoco jobs`: what waits, what failed, and doing it now."""

from __future__ import annotations

import argparse
import json

from zoco.cli.place import BadSettings, add_place, database, settings_of
from zoco.cli.talk import add_json, say, show, time_of
from zoco.cli.types import Commands


def add_to(commands: Commands) -> None:
    nouns = commands.add_parser("jobs", help="background jobs").add_subparsers(metavar="COMMAND", required=True)
    listing = nouns.add_parser("list", help="jobs that wait, run or failed")
    listing.add_argument("--failed", action="store_true", help="only those that were given up")
    add_json(listing)
    _ends(listing, run_list)
    retry = nouns.add_parser("retry", help="try a failed job again")
    retry.add_argument("id", metavar="ID", type=int, help="as `zoco jobs list` shows it")
    _ends(retry, run_retry)
    _ends(nouns.add_parser("run", help="run every job that is due, here and now, and end"), run_now)


def run_list(args: argparse.Namespace) -> int:
    from zoco.adapters.clock import now_ms
    from zoco.jobs.queue import list_jobs

    with database(args) as db:
        found = list_jobs(db, failed=True if args.failed else None)
    now = now_ms()
    rows = [
        {
            "id": one.id,
            "handler": one.handler,
            "state": one.state(now),
            "attempts": one.attempts,
            "run_at": time_of(one.run_at_ms),
            "about": json.dumps(dict(one.payload), ensure_ascii=False),
            "last_error": (one.last_error or "").strip().rsplit("\n", 1)[-1] or None,
        }
        for one in found
    ]
    show(rows, as_json=args.json, nothing="No jobs wait." if not args.failed else "No job has failed.")
    return 0


def run_retry(args: argparse.Namespace) -> int:
    from zoco.jobs.queue import retry

    with database(args) as db:
        retry(db, args.id)
    say(f"Job {args.id} is at the end of the line again.")
    return 0


def run_now(args: argparse.Namespace) -> int:
    from zoco.adapters import logs
    from zoco.assembly import open_worker

    settings = settings_of(args)
    logs.set_up(settings.log_level)
    try:
        with open_worker(settings) as worker:
            say(f"Ran {worker.run_until_empty()} jobs.")
    except ValueError as error:  # schema or store; what jobs raise does not come this far
        raise BadSettings(str(error)) from error
    return 0


def _ends(parser: argparse.ArgumentParser, run: object) -> None:
    add_place(parser)
    parser.set_defaults(run=run)
