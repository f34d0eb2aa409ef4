"""`zoco token`: access tokens of an account."""

from __future__ import annotations

import argparse

from zoco.cli.place import add_place, database
from zoco.cli.talk import add_json, add_yes, is_confirmed, say, show, time_of
from zoco.cli.types import Commands

DAY_MS = 86_400_000


def add_to(commands: Commands) -> None:
    nouns = commands.add_parser("token", help="access tokens").add_subparsers(metavar="COMMAND", required=True)
    add = nouns.add_parser("add", help="create a token and print it: the only time it is shown")
    add.add_argument("user", metavar="USER")
    add.add_argument("--role", choices=("read", "write"), default="read", help="what it may do (read)")
    add.add_argument("--name", default="command line", help="for its owner to know it by")
    add.add_argument("--value", metavar="hf_…", help="take over a token that programs have already")
    add.add_argument("--expires-days", type=int, metavar="N", help="days until it stops working (never)")
    _ends(add, run_add)
    listing = nouns.add_parser("list", help="the tokens of an account, without their secrets")
    listing.add_argument("user", metavar="USER")
    add_json(listing)
    _ends(listing, run_list)
    delete = nouns.add_parser("delete", help="delete a token: it stops working at once")
    delete.add_argument("user", metavar="USER")
    delete.add_argument("id", metavar="ID", type=int, help="as `zoco token list` shows it")
    add_yes(delete)
    _ends(delete, run_delete)


def run_add(args: argparse.Namespace) -> int:
    from zoco.adapters.clock import now_ms
    from zoco.core.access import TokenRole
    from zoco.hub.accounts.tokens import create_token
    from zoco.hub.accounts.users import get_user

    expires_at_ms = now_ms() + args.expires_days * DAY_MS if args.expires_days is not None else None
    with database(args) as db:
        owner = get_user(db, args.user)
        role = TokenRole(args.role)
        _, secret = create_token(db, owner.id, args.name, role, value=args.value, expires_at_ms=expires_at_ms)
    print(secret)
    return 0


def run_list(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.tokens import list_tokens
    from zoco.hub.accounts.users import get_user

    with database(args) as db:
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "role": one.role.value,
                "hint": one.hint,
                "created_at": time_of(one.created_at_ms),
                "expires_at": time_of(one.expires_at_ms),
                "last_used_at": time_of(one.last_used_at_ms),
            }
            for one in list_tokens(db, get_user(db, args.user).id)
        ]
    show(rows, as_json=args.json, nothing=f"{args.user} has no tokens.")
    return 0


def run_delete(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.tokens import delete_token
    from zoco.hub.accounts.users import get_user

    with database(args) as db:
        owner = get_user(db, args.user)
        if not is_confirmed(args, f"Delete token {args.id} of {owner.name}? Programs that use it stop working."):
            return 1
        delete_token(db, owner.id, args.id)
    say(f"Deleted token {args.id} of {owner.name}.")
    return 0


def _ends(parser: argparse.ArgumentParser, run: object) -> None:
    add_place(parser)
    parser.set_defaults(run=run)
