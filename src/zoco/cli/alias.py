"""`zoco alias`: one-word names of repositories, as `gpt2` on the Hub."""

from __future__ import annotations

import argparse

from zoco.cli.place import add_place, database
from zoco.cli.talk import add_json, say, show
from zoco.cli.types import Commands

TYPES = ("model", "dataset")


def add_to(commands: Commands) -> None:
    nouns = commands.add_parser("alias", help="one-word names").add_subparsers(metavar="COMMAND", required=True)
    add = nouns.add_parser("add", help="let one word name a repository")
    add.add_argument("word", metavar="WORD")
    add.add_argument("target", metavar="OWNER/NAME")
    add.add_argument("--type", choices=TYPES, default="model", help="of the repository (model)")
    _ends(add, run_add)
    remove = nouns.add_parser("remove", help="the word names nothing any more")
    remove.add_argument("word", metavar="WORD")
    remove.add_argument("--type", choices=TYPES, default="model", help="of the repository (model)")
    _ends(remove, run_remove)
    listing = nouns.add_parser("list", help="all aliases")
    add_json(listing)
    _ends(listing, run_list)


def run_add(args: argparse.Namespace) -> int:
    from zoco.core.errors import Invalid
    from zoco.core.ids import RepoId, RepoType
    from zoco.hub.accounts.aliases import add_alias

    owner, slash, name = args.target.partition("/")
    if not (owner and slash and name) or "/" in name:
        raise Invalid(f"'{args.target}' must be OWNER/NAME, as in openai-community/gpt2.")
    with database(args) as db:
        add_alias(db, None, args.word, RepoId(RepoType(args.type), owner, name))
    say(f"{args.word} now names the {args.type} {args.target}.")
    return 0


def run_remove(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.aliases import remove_alias

    with database(args) as db:
        remove_alias(db, None, args.word, args.type)
    say(f"{args.word} names no {args.type} any more.")
    return 0


def run_list(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.aliases import list_aliases

    with database(args) as db:
        rows = [{"word": one.word, "type": one.type, "repository": one.repo} for one in list_aliases(db)]
    show(rows, as_json=args.json, nothing="There are no aliases: zoco alias add WORD OWNER/NAME")
    return 0


def _ends(parser: argparse.ArgumentParser, run: object) -> None:
    add_place(parser)
    parser.set_defaults(run=run)
