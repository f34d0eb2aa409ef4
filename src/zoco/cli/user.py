"""`zoco user`: accounts of people."""

from __future__ import annotations

import argparse

from zoco.cli.place import add_place, database, settings_of
from zoco.cli.talk import add_json, add_yes, is_confirmed, read_secret, say, show, time_of
from zoco.cli.types import Commands


def add_to(commands: Commands) -> None:
    nouns = commands.add_parser("user", help="accounts of people").add_subparsers(metavar="COMMAND", required=True)
    add = nouns.add_parser("add", help="create an account")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--full-name", default="", help="as shown beside the name")
    add.add_argument("--email", help="also good for signing in")
    add.add_argument("--password-file", metavar="FILE", help="its first line is the password; - reads from stdin")
    add.add_argument("--admin", action="store_true", help="an administrator of the Hub")
    _ends(add, run_add)
    listing = nouns.add_parser("list", help="all accounts")
    add_json(listing)
    _ends(listing, run_list)
    _ends(_named(nouns, "disable", "close an account: nobody signs in, its tokens stop working"), run_disable)
    _ends(_named(nouns, "enable", "open a closed account again"), run_enable)
    admin = _named(nouns, "admin", "make an account an administrator of the Hub")
    admin.add_argument("--remove", action="store_true", help="no longer one")
    _ends(admin, run_admin)
    delete = _named(nouns, "delete", "delete an account that owns no repositories")
    add_yes(delete)
    _ends(delete, run_delete)
    _ends(_named(nouns, "password-link", "print a link, good once within a day, to choose a new password"), run_link)


def run_add(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.users import create_user

    password = read_secret(args.password_file) if args.password_file else None
    with database(args) as db:
        made = create_user(
            db, args.name, full_name=args.full_name, email=args.email, password=password, is_admin=args.admin
        )
    say(f"Created {made.name}." + ("" if password else f" To set a password: zoco user password-link {made.name}"))
    return 0


def run_list(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.users import list_users

    with database(args) as db:
        rows = [
            {
                "name": one.name,
                "full_name": one.full_name,
                "email": one.email,
                "admin": one.is_admin,
                "disabled": one.disabled_at_ms is not None,
                "created_at": time_of(one.created_at_ms),
            }
            for one in list_users(db)
        ]
    show(rows, as_json=args.json, nothing="There are no accounts yet: zoco user add NAME --admin")
    return 0


def run_disable(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.users import disable_user

    with database(args) as db:
        disable_user(db, None, args.name)
    say(f"Closed {args.name}. What it owns stays; open it again with: zoco user enable {args.name}")
    return 0


def run_enable(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.users import enable_user

    with database(args) as db:
        enable_user(db, None, args.name)
    say(f"Opened {args.name}.")
    return 0


def run_admin(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.users import set_admin

    with database(args) as db:
        set_admin(db, None, args.name, not args.remove)
    say(f"{args.name} is {'no longer' if args.remove else 'now'} an administrator.")
    return 0


def run_delete(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.users import delete_user, get_user

    with database(args) as db:
        found = get_user(db, args.name)
        if not is_confirmed(args, f"Delete the account {found.name}, its tokens and likes for ever?"):
            return 1
        delete_user(db, None, found.name)
    say(f"Deleted {found.name}.")
    return 0


def run_link(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.links import make_password_link

    settings = settings_of(args)
    with database(args) as db:
        path = make_password_link(db, None, args.name)
    print((settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}") + path)
    return 0


def _named(nouns: Commands, verb: str, help: str) -> argparse.ArgumentParser:
    parser = nouns.add_parser(verb, help=help, description=help)
    parser.add_argument("name", metavar="NAME")
    return parser


def _ends(parser: argparse.ArgumentParser, run: object) -> None:
    add_place(parser)
    parser.set_defaults(run=run)
