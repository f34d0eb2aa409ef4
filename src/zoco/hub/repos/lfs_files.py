"""Which LFS files does a repository hold on all its refs, and how are they deleted for good?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoco.core.access import Actor
from zoco.core.errors import NotFound, NotOffered
from zoco.core.ids import Sha256
from zoco.core.pages import Page, cursor_after, values_of_cursor
from zoco.core.repos import AdminRepo, ReadableRepo
from zoco.formats.git.pack import PackWriter
from zoco.hub.lfs.objects import find_all, unlink
from zoco.hub.repos import lfs_files_store, ref_store
from zoco.hub.repos.landing import store
from zoco.hub.repos.lfs_history import pointers_in_history
from zoco.hub.repos.revisions import as_it_is_now
from zoco.hub.repos.rewrite import Rewriter, count_commits
from zoco.hub.repos.storage import RepoStorage, Update, apply_updates, reader

PAGE_SIZE_MAX = 1000
REWRITTEN_COMMITS_MAX = 50_000
SEARCHED_OBJECTS_MAX = 300_000
"""Finding the name of a file that stands only deeper in history would take minutes: it is shown without."""


@dataclass(frozen=True, slots=True)
class Pusher:
    public_id: str
    name: str
    full_name: str


@dataclass(frozen=True, slots=True)
class LfsFile:
    """`path` is one of those where the file stands or stood, and `ref` leads there.

    What no commit names (uploaded, not committed yet) is shown under its SHA-256, without a ref.
    """

    sha256: Sha256
    size: int
    pushed_at_ms: int
    path: str
    ref: str | None
    pusher: Pusher | None
    xet_hash: str | None


def list_lfs_files(
    storage: RepoStorage, repo: ReadableRepo, *, cursor: str | None = None, limit: int = PAGE_SIZE_MAX
) -> Page[LfsFile]:
    """The last uploaded first."""
    size = max(1, min(limit, PAGE_SIZE_MAX))
    after = None
    if cursor:
        at, sha = values_of_cursor(cursor, (int, str))
        after = (int(at), str(sha))
    repo = as_it_is_now(storage, repo)
    with storage.db.read() as read:
        rows = lfs_files_store.links(read, repo.key, after, size + 1)
        refs = ref_store.all_refs(read, repo.key)
    more, rows = len(rows) > size, rows[:size]
    places: dict[Sha256, tuple[str, str]] = {}
    with reader(storage, repo) as git:
        for place, info in pointers_in_history(
            git, refs, {row.sha256 for row in rows}, objects_max=SEARCHED_OBJECTS_MAX
        ):
            places.setdefault(info.sha256, (place.path, place.ref))
    files = tuple(_file(row, *places.get(row.sha256, (row.sha256, None))) for row in rows)
    return Page(files, cursor_after(rows[-1].created_at_ms, rows[-1].sha256) if more else None)


def delete_lfs_files(
    storage: RepoStorage, repo: AdminRepo, actor: Actor, shas: Sequence[Sha256], *, rewrite_history: bool
) -> None:
    """The repository forgets the objects; the bytes go when no repository has them, after the grace time.

    With `rewrite_history` the files are taken out of all commits on all refs, in one transaction and before the
    objects go. Without it their pointers stay, and reading such a file answers that its object was deleted.
    Raises NotFound when none of them is here, NotOffered for histories too long to rewrite in a request, Conflict
    when somebody pushed meanwhile.
    """
    here = find_all(storage.db, repo, shas)
    if not here:
        raise NotFound("None of these LFS files is in this repository. Send the fileOid that the list gives.")
    if rewrite_history:
        _rewrite(storage, as_it_is_now(storage, repo), actor, frozenset(here))
    unlink(storage.db, repo, sorted(here))


def _rewrite(storage: RepoStorage, repo: AdminRepo, actor: Actor, shas: frozenset[Sha256]) -> None:
    with storage.db.read() as read:
        refs = ref_store.all_refs(read, repo.key)
    pack = PackWriter(storage.blobs.scratch)
    try:
        with reader(storage, repo) as git:
            if count_commits(git, {ref.commit for ref in refs}, REWRITTEN_COMMITS_MAX) > REWRITTEN_COMMITS_MAX:
                raise NotOffered(
                    f"This history has more than {REWRITTEN_COMMITS_MAX} commits: rewrite it with git-filter-repo and"
                    " force-push, then delete the files with rewriteHistory=false."
                )
            pointers = pointers_in_history(git, refs)
            rewriter = Rewriter(git, pack, {place.blob for place, info in pointers if info.sha256 in shas})
            updates = [Update(ref.name, ref.oid, rewriter.tip(ref.oid)) for ref in refs]
        changed = [update for update in updates if update.old != update.new]
        if changed:
            apply_updates(storage, repo, changed, [store(storage, pack)], actor, "api")
    finally:
        pack.close()


def _file(row: lfs_files_store.LinkRow, path: str, ref: str | None) -> LfsFile:
    pusher = None
    if row.public_id and row.name:
        pusher = Pusher(row.public_id, row.name, row.full_name or row.name)
    return LfsFile(row.sha256, row.size, row.created_at_ms, path, ref, pusher, row.xet_hash)
