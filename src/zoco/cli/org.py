"""`zoco org`: organisations and their members."""

from __future__ import annotations

import argparse

from zoco.cli.place import add_place, database
from zoco.cli.talk import add_json, add_yes, is_confirmed, say, show, time_of
from zoco.cli.types import Commands

ROLES = ("admin", "write", "contributor", "read")


def add_to(commands: Commands) -> None:
    nouns = commands.add_parser("org", help="organisations").add_subparsers(metavar="COMMAND", required=True)
    add = nouns.add_parser("add", help="create an organisation")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--full-name", default="", help="as shown beside the name")
    add.add_argument(
        "--default-visibility", choices=("public", "private"), default="public", help="of new repositories"
    )
    _ends(add, run_add)
    listing = nouns.add_parser("list", help="all organisations")
    add_json(listing)
    _ends(listing, run_list)
    delete = nouns.add_parser("delete", help="delete an organisation that owns no repositories")
    delete.add_argument("name", metavar="NAME")
    add_yes(delete)
    _ends(delete, run_delete)
    _add_members(nouns.add_parser("member", help="who belongs to it").add_subparsers(metavar="COMMAND", required=True))


def _add_members(members: Commands) -> None:
    add = members.add_parser("add", help="add a member, or change their role")
    add.add_argument("org", metavar="ORG")
    add.add_argument("user", metavar="USER")
    add.add_argument("--role", choices=ROLES, default="read", help="what they may do (read)")
    _ends(add, run_member_add)
    remove = members.add_parser("remove", help="remove a member")
    remove.add_argument("org", metavar="ORG")
    remove.add_argument("user", metavar="USER")
    _ends(remove, run_member_remove)
    listing = members.add_parser("list", help="all members")
    listing.add_argument("org", metavar="ORG")
    add_json(listing)
    _ends(listing, run_member_list)


def run_add(args: argparse.Namespace) -> int:
    from zoco.core.access import Visibility
    from zoco.hub.accounts.orgs import create_org

    with database(args) as db:
        made = create_org(db, None, args.name, args.full_name, Visibility(args.default_visibility))
    say(f"Created {made.name}. It needs an administrator: zoco org member add {made.name} USER --role admin")
    return 0


def run_list(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.orgs import list_orgs

    with database(args) as db:
        rows = [
            {
                "name": one.name,
                "full_name": one.full_name,
                "default_visibility": one.default_visibility.value,
                "created_at": time_of(one.created_at_ms),
            }
            for one in list_orgs(db)
        ]
    show(rows, as_json=args.json, nothing="There are no organisations yet: zoco org add NAME")
    return 0


def run_delete(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.orgs import delete_org, get_org

    with database(args) as db:
        found = get_org(db, args.name)
        if not is_confirmed(args, f"Delete the organisation {found.name} for ever?"):
            return 1
        delete_org(db, None, found.name)
    say(f"Deleted {found.name}.")
    return 0


def run_member_add(args: argparse.Namespace) -> int:
    from zoco.core.access import Role
    from zoco.hub.accounts.orgs import set_member

    with database(args) as db:
        set_member(db, None, args.org, args.user, Role(args.role))
    say(f"{args.user} is now a member of {args.org} ({args.role}).")
    return 0


def run_member_remove(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.orgs import remove_member

    with database(args) as db:
        remove_member(db, None, args.org, args.user)
    say(f"{args.user} is no longer a member of {args.org}.")
    return 0


def run_member_list(args: argparse.Namespace) -> int:
    from zoco.hub.accounts.orgs import list_members

    with database(args) as db:
        rows = [
            {"name": one.name, "full_name": one.full_name, "role": one.role.value} for one in list_members(db, args.org)
        ]
    show(
        rows, as_json=args.json, nothing=f"{args.org} has no members: zoco org member add {args.org} USER --role admin"
    )
    return 0


def _ends(parser: argparse.ArgumentParser, run: object) -> None:
    add_place(parser)
    parser.set_defaults(run=run)
