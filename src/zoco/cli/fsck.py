"""`zoco fsck`: is everything stored whole, and how is mended what is not?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from zoco.cli.place import BadSettings, add_place, settings_of
from zoco.cli.talk import add_json, add_yes, is_confirmed, say
from zoco.cli.types import Commands

if TYPE_CHECKING:
    from zoco.core.damage import Damage
    from zoco.core.ids import RepoId
    from zoco.hub.repos.fsck import Report


def add_to(commands: Commands) -> None:
    parser = commands.add_parser(
        "fsck",
        help="check that everything stored is whole",
        description="Check every stored object against its hash, the history of every ref, and that every large file "
        "is there. Says what is damaged and how to mend it. Exit code 1 when something is.",
    )
    parser.add_argument(
        "--repo",
        action="append",
        default=[],
        metavar="NAME",
        help="only this repository: ana/iris, datasets/ana/flowers",
    )
    parser.add_argument("--fast", action="store_true", help="read no content: existence and sizes only")
    parser.add_argument(
        "--forget-damaged", action="store_true", help="forget damaged large files, so that they can be uploaded again"
    )
    add_json(parser)
    add_yes(parser)
    add_place(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from zoco.adapters import logs
    from zoco.assembly import opened
    from zoco.hub.repos.fsck import check, forget_damaged

    names = [_repo_id(name) for name in args.repo]
    settings = settings_of(args)
    logs.set_up("warning")
    damages: list[Damage] = []
    try:
        with opened(settings) as storage:
            report = check(storage, names, damages.append if args.json else _tell, fast=args.fast)
            _tell_summary(args, report, damages)
            if args.forget_damaged and report.can_forget and is_confirmed(args, _question(report)):
                say(f"Forgot {forget_damaged(storage, report)} LFS objects: upload the files again.")
    except ValueError as error:  # schema or store
        raise BadSettings(str(error)) from error
    return 1 if report.damages else 0


def _tell(damage: Damage) -> None:
    where = " ".join(word for word in (damage.repo, damage.path, f"({damage.ref})" if damage.ref else "") if word)
    print(f"{damage.kind} {damage.what}" + (f" in {where}" if where else ""))
    print(f"      {damage.problem}")
    print(f"      {damage.cure}")


def _tell_summary(args: argparse.Namespace, report: Report, damages: list[Damage]) -> None:
    if args.json:
        whole = {"checked": dict(report.tally), "damages": [asdict(one) for one in damages]}
        print(json.dumps(whole, ensure_ascii=False, indent=2))
        return
    counts = ", ".join(f"{count} {what}" for what, count in report.tally.items()) or "nothing"
    problems = {0: "all whole", 1: "1 problem"}.get(report.damages, f"{report.damages} problems")
    say(f"Checked {counts}: {problems}.")


def _question(report: Report) -> str:
    return (
        f"Forget {len(report.objects)} LFS objects, {len(report.files)} Xet files and {len(report.xorbs)} xorbs, which"
        " are damaged? Restoring them from a backup is better."
    )


def _repo_id(name: str) -> RepoId:
    """`ana/iris`, or as addresses have it: `datasets/ana/flowers`. Raises BadSettings."""
    from zoco.core.ids import RepoId, RepoType

    prefix, _, rest = name.partition("/")
    kind = next((kind for kind in RepoType if kind.prefix and f"{prefix}/" == kind.prefix), None)
    owner, slash, own = (rest if kind else name).partition("/")
    if not (owner and slash and own) or "/" in own:
        raise BadSettings(f"--repo {name}: give OWNER/NAME, datasets/OWNER/NAME or spaces/OWNER/NAME")
    return RepoId(kind or RepoType.MODEL, owner, own)
