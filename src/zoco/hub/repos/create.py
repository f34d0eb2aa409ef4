"""How does a repository begin? With its first commit: everything is stored, then one transaction makes it exist."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import closing

from sqlalchemy.exc import IntegrityError

from zoco.adapters.clock import fresh_public_id, now_ms
from zoco.adapters.git.reader import open_reader
from zoco.adapters.git.repack import workshop
from zoco.core.access import Actor, Gated, Visibility
from zoco.core.errors import Invalid, TooLarge, Unprocessable
from zoco.core.ids import Oid, RepoId, RepoType
from zoco.core.repos import AdminRepo, RepoRow
from zoco.formats.cards.licenses import LICENSES
from zoco.formats.cards.template import new_card
from zoco.formats.cards.validate import SDKS, validate
from zoco.formats.git.default_attributes import default_gitattributes
from zoco.formats.git.edit import edit_tree
from zoco.formats.git.objects import MODE_FILE, Commit, Kind, serialise_commit
from zoco.formats.git.pack import PackWriter
from zoco.formats.git.paths import problem_with_path
from zoco.formats.git.refs import branch_ref
from zoco.formats.lfs.pointer import parse_pointer
from zoco.hub.repos import store
from zoco.hub.repos.authors import signature_of
from zoco.hub.repos.birth import give_birth, prepared
from zoco.hub.repos.place import demand_free, demand_place, taken
from zoco.hub.repos.storage import Limits, RepoStorage, discard, store_pack
from zoco.hub.repos.store import Place

TITLE = "initial commit"
DEFAULT_BRANCH = "main"

Files = Sequence[tuple[str, bytes]]


def create_repo(
    storage: RepoStorage,
    actor: Actor,
    id: RepoId,
    *,
    visibility: Visibility | None = None,
    license: str | None = None,
    sdk: str | None = None,
    files: Files = (),
    facts: Mapping[str, object] | None = None,
) -> AdminRepo:
    """Without a visibility the namespace's own holds. `files` join the first commit, or take the place of its own.

    Raises Denied, Invalid, AlreadyExists (with the repository), Unprocessable or TooLarge for a file.
    """
    _check_choices(id.type, license, sdk)
    with storage.db.read() as read:
        place = demand_place(read, actor, id)
        demand_free(read, actor, id, _already(id))
    row = new_row(place, id, actor, visibility or place.default_visibility)
    content = first_files(row.id, files, license=license, sdk=sdk, limits=storage.limits)
    with closing(PackWriter(storage.blobs.scratch)) as pack, workshop(storage.blobs.scratch) as bench:
        tip = _commit(pack, content, actor)
        pack_file, idx_file = bench.packs / "pack-first.pack", bench.packs / "pack-first.idx"
        written = pack.write(pack_file, idx_file)
        with open_reader(bench.packs.parent.parent, (bench.packs.parent,)) as git:
            ref = branch_ref(row.default_branch)
            newborn = prepared(storage, row, actor, {ref: (tip, tip)}, git, sdk=sdk, facts=facts or {})
        stored = store_pack(storage, pack_file, idx_file, written, keep_local=False)
    try:
        return give_birth(storage, newborn, [stored], actor, "repo.create")
    except IntegrityError as error:
        discard(storage, [stored])
        with storage.db.read() as read:
            raise taken(store.find(read, id), actor, _already(id)) from error


def new_row(place: Place, id: RepoId, actor: Actor, visibility: Visibility) -> RepoRow:
    """A row that is not in the database yet. Its key is made here, so that all that names it can be prepared."""
    now = now_ms()
    return RepoRow(
        key=fresh_repo_key(),
        public_id=fresh_public_id(),
        id=RepoId(id.type, place.name, id.name),
        visibility=visibility,
        gated=Gated.OPEN,
        disabled=False,
        default_branch=DEFAULT_BRANCH,
        version=1,
        prune_epoch=0,
        namespace_key=place.key,
        creator_id=actor.user_id,
        created_at_ms=now,
        updated_at_ms=now,
        likes=0,
        downloads=0,
    )


def fresh_repo_key() -> int:
    """Milliseconds and 11 random bits: grows with time, as an index likes, and stays within 52 bits, as JSON likes."""
    return now_ms() << 11 | secrets.randbits(11)


def first_files(id: RepoId, files: Files, *, license: str | None, sdk: str | None, limits: Limits) -> dict[str, bytes]:
    """What the first commit holds. Raises Unprocessable, TooLarge, or Invalid for a card that cannot be read."""
    content = {".gitattributes": default_gitattributes(id.type).encode()}
    if card := new_card(id, license=license, sdk=sdk):
        content["README.md"] = card.encode()
    asked = dict(files)
    if len(asked) != len(files):
        raise Unprocessable("A path is given twice among the first files.")
    for path, data in asked.items():
        if problem := problem_with_path(path):
            raise Unprocessable(f"'{path[:200]}' cannot be a path: {problem}")
        _check_content(path, data, limits)
    if sum(map(len, asked.values())) > limits.commit_size_max_bytes:
        raise TooLarge(f"The first files are larger than {limits.commit_size_max_bytes} bytes: commit them later.")
    if "README.md" in asked:
        verdict = validate(asked["README.md"].decode("utf-8", "replace"), id.type)
        if verdict.errors:
            raise Invalid(verdict.errors[0], verdict.errors)
    return content | asked


def _check_content(path: str, data: bytes, limits: Limits) -> None:
    if len(data) > limits.regular_file_size_max_bytes:
        raise TooLarge(
            f"'{path[:200]}' is larger than {limits.regular_file_size_max_bytes} bytes: create the repository first,"
            " then upload the file with git-lfs or the Hub's client."
        )
    if parse_pointer(data) is not None:
        raise Unprocessable(f"'{path[:200]}' is an LFS pointer: create the repository first, then upload its object.")


def _check_choices(type: RepoType, license: str | None, sdk: str | None) -> None:
    if license is not None and license not in LICENSES:
        raise Invalid(f"license '{license[:80]}' is not known: use one of the list of licences, or 'other'.")
    if type is RepoType.SPACE and sdk not in SDKS:
        raise Invalid(f"A Space needs an sdk: one of {', '.join(SDKS)}.")


def _commit(pack: PackWriter, content: Mapping[str, bytes], actor: Actor) -> Oid:
    edits = {path: (MODE_FILE, pack.add(Kind.BLOB, data)) for path, data in content.items()}
    tree = edit_tree(None, edits, _no_tree, pack.add)
    who = signature_of(actor)
    return pack.add(Kind.COMMIT, serialise_commit(Commit(tree, (), who, who, TITLE)))


def _no_tree(oid: Oid) -> bytes:
    raise AssertionError(f"a first commit reads no tree, not {oid}")


def _already(id: RepoId) -> str:
    return f"You already created this {id.type} repo"
