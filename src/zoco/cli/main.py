"""The command `zoco`: verbs for the whole Hub, nouns for the things in it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import zoco
from zoco.cli import alias, doctor, fsck, gc, jobs, migrate, org, reindex, serve, token, user, worker
from zoco.cli.place import BadSettings, add_place
from zoco.cli.talk import say
from zoco.core.errors import HubError

OK, FAILED, WRONG_USE = 0, 1, 2


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoco", description="A Hub for models, datasets and demos, on your machine.")
    parser.add_argument("--version", action="version", version=f"zoco {zoco.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    verb = commands.add_parser("serve", help="run the Hub", description="Run the Hub until Ctrl-C.")
    serve.add_arguments(verb)
    add_place(verb)
    verb.set_defaults(run=serve.run)
    for noun in (user, token, org, alias, migrate, doctor, fsck, gc, reindex, jobs, worker):
        noun.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done; 1: it could not be done; 2: the command or the settings are wrong."""
    args = build_parser().parse_args(arguments)
    try:
        code = int(args.run(args))
        sys.stdout.flush()
    except BadSettings as error:
        say(f"zoco: {error}")
        return WRONG_USE
    except HubError as error:
        say(f"zoco: {error.message}")
        return FAILED
    except BrokenPipeError:  # `zoco user list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
