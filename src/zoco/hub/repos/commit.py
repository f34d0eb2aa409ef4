"""What does a commit by the API or the web do? Its files packed in process, its tree edited, its branch moved."""

from __future__ import annotations

from zoco.adapters.git.reader import Reader
from zoco.core.access import Actor
from zoco.core.errors import Denied, EntryNotFound, Invalid, NotOffered, RevisionNotFound, StaleParent
from zoco.core.ids import EMPTY_TREE, Oid
from zoco.core.repos import WritableRepo
from zoco.formats.git.edit import edit_tree
from zoco.formats.git.objects import Commit, Kind, serialise_commit
from zoco.formats.git.pack import PackWriter
from zoco.formats.git.refs import BRANCHES, TAGS, problem_with_ref
from zoco.formats.git.track import tracked
from zoco.hub.repos import ref_store
from zoco.hub.repos.authors import signature_of
from zoco.hub.repos.commit_content import ATTRIBUTES, Packed, check_again, pack_content
from zoco.hub.repos.commit_ops import (
    CommitRequest,
    CommitResult,
    CopyOp,
    DeleteFile,
    DeleteFolder,
    Draft,
    FileOp,
    LfsOp,
    check_request,
)
from zoco.hub.repos.landing import land
from zoco.hub.repos.lookup import Lookup
from zoco.hub.repos.ref_store import Tip
from zoco.hub.repos.revisions import SHORT_ID_LENGTH_MIN, at_version, resolve_revision
from zoco.hub.repos.storage import RepoStorage


def commit(
    storage: RepoStorage, repo: WritableRepo, actor: Actor, revision: str, request: CommitRequest, via: str = "api"
) -> CommitResult:
    """All operations in one commit on the branch `revision`, or nothing.

    Operations are taken in order, and the last on a path decides. A commit that changes nothing is still made, as the
    Hub does. Raises StaleParent when `request.parent` is no longer the tip; TooLarge, Unprocessable, Invalid or
    EntryNotFound for what is wrong with the operations.
    """
    check_request(request)
    ref = branch_for_commits(storage, repo, revision)
    pack = PackWriter(storage.blobs.scratch)
    try:
        content = pack_content(storage, repo, request.operations, pack)
        build = _Builder(storage, repo, actor, ref, request, pack, content)
        oid, tip = land(storage, repo, actor, ref, pack, build, via=via)
    finally:
        pack.close()
    return CommitResult(oid, tip.oid, ref, request.summary.strip())


def branch_for_commits(storage: RepoStorage, repo: WritableRepo, revision: str) -> str:
    """The full name of the branch. Raises RevisionNotFound, and what names the cure where commits cannot go."""
    if revision.startswith("refs/pr/"):
        raise NotOffered(
            "Pull requests are not offered by this server yet: commit to a branch, or open a branch of your own first."
        )
    if revision.startswith("refs/convert/"):
        raise Denied(f"{revision} is read-only: the Hub writes it from the branch it converts.")
    ref = revision if revision.startswith(BRANCHES) else BRANCHES + revision
    if not revision or problem_with_ref(ref):
        raise RevisionNotFound(revision[:200])
    with storage.db.read() as read:
        refs = ref_store.refs_named(read, repo.key, [ref, TAGS + revision])
    if ref in refs or ref == BRANCHES + repo.default_branch:
        return ref
    if revision.startswith(BRANCHES):
        raise RevisionNotFound(revision)
    if refs or revision.startswith("refs/"):
        raise Invalid(f"Commits go to branches: '{revision}' is none. Create a branch there first.")
    resolve_revision(storage, repo, revision)
    raise Invalid(f"Commits go to branches: '{revision}' is a commit. Create a branch there first.")


class _Builder:
    """Makes the commit on whatever tip it is given."""

    def __init__(
        self,
        storage: RepoStorage,
        repo: WritableRepo,
        actor: Actor,
        ref: str,
        request: CommitRequest,
        pack: PackWriter,
        content: Packed,
    ) -> None:
        self._storage, self._repo, self._actor, self._ref = storage, repo, actor, ref
        self._request, self._pack, self._content = request, pack, content
        self._looked_at_epoch = repo.prune_epoch  # or later: it was read before the objects were looked for

    def __call__(self, git: Reader, tip: Tip) -> Oid:
        self._check_tip(tip)
        if tip.prune_epoch != self._looked_at_epoch:
            check_again(self._storage, self._repo, self._content.pointers)
            self._looked_at_epoch = tip.prune_epoch
        root = git.commit(tip.oid).tree if tip.oid else EMPTY_TREE
        draft = self._draft(git, root, tip)
        self._track(git, draft)
        tree = self._edited(git, root, draft)
        who = signature_of(self._actor)
        parents = (tip.oid,) if tip.oid else ()
        return self._pack.add(Kind.COMMIT, serialise_commit(Commit(tree, parents, who, who, self._request.message)))

    def _edited(self, git: Reader, root: Oid, draft: Draft) -> Oid:
        made: dict[Oid, bytes] = {}

        def write(kind: Kind, data: bytes) -> Oid:
            oid = self._pack.add(kind, data)
            made[oid] = data
            return oid

        def read(oid: Oid) -> bytes:
            return made[oid] if oid in made else git.read(oid)[1]

        before, edits = draft.edits()
        if before:
            root = edit_tree(root, before, read, write)
        return edit_tree(root, edits, read, self._pack.add)

    def _check_tip(self, tip: Tip) -> None:
        if tip.oid is None and self._ref != BRANCHES + tip.default_branch:
            raise RevisionNotFound(self._ref.removeprefix(BRANCHES))
        parent = self._request.parent
        if parent is None:
            return
        if len(parent) < SHORT_ID_LENGTH_MIN or tip.oid is None or not tip.oid.startswith(parent.lower()):
            raise StaleParent

    def _draft(self, git: Reader, root: Oid, tip: Tip) -> Draft:
        tree = Lookup(git, root)
        draft = Draft(tree.find)
        for operation in self._request.operations:
            match operation:
                case FileOp(path) | LfsOp(path):
                    draft.put(path, self._content.blobs[path])
                case DeleteFile(path) | DeleteFolder(path):
                    draft.remove(path.removesuffix("/"))
                case CopyOp():
                    self._copy(git, tip, tree, operation, draft)
        return draft

    def _copy(self, git: Reader, tip: Tip, tree: Lookup, copy: CopyOp, draft: Draft) -> None:
        source = tree
        if copy.source_revision is not None:
            commit = resolve_revision(self._storage, at_version(self._repo, tip), copy.source_revision)
            source = Lookup(git, git.commit(commit).tree)
        found = source.find(copy.source_path)
        if found is None:
            raise EntryNotFound(copy.source_path)
        draft.put_entry(copy.path, (found.mode, found.oid))

    def _track(self, git: Reader, draft: Draft) -> None:
        """LFS files that no rule covers get one: git would check them out as pointers."""
        paths = [operation.path for operation in self._request.operations if isinstance(operation, LfsOp)]
        if not paths:
            return
        held = draft.blob_at(ATTRIBUTES)
        text = self._content.attributes if held == self._content.blobs.get(ATTRIBUTES) else None
        if text is None:
            text = git.read(held)[1].decode("utf-8", "replace") if held else ""
        if (more := tracked(text, paths)) is not None:
            draft.put(ATTRIBUTES, self._pack.add(Kind.BLOB, more.encode()))
