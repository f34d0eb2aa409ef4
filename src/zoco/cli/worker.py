"""`zoco worker`: a jobs process alone. `zoco serve` has one of its own; on PostgreSQL several may run."""

from __future__ import annotations

import argparse
import signal
import threading

from zoco.cli.place import BadSettings, add_place, settings_of
from zoco.cli.types import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "worker",
        help="run background jobs",
        description="Run background jobs until Ctrl-C. `zoco serve` has a worker of its own; more may help it.",
    )
    parser.add_argument("--end-with-parent", action="store_true", help="end when the process that started it ends")
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from zoco.adapters import logs
    from zoco.adapters.parent import die_with_parent
    from zoco.assembly import open_worker

    if args.end_with_parent:
        die_with_parent()
    settings = settings_of(args)
    logs.set_up(settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with open_worker(settings) as worker:
            worker.run(stop)
    except ValueError as error:  # schema or store; what jobs raise does not come this far
        raise BadSettings(str(error)) from error
    return 0
