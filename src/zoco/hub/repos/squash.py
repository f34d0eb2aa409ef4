"""How does a branch become a single commit? The tree stays, the history goes."""

from __future__ import annotations

from zoco.adapters.git.reader import Reader
from zoco.core.access import Actor
from zoco.core.errors import RevisionNotFound
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.formats.git.objects import Commit, Kind, serialise_commit
from zoco.formats.git.pack import PackWriter
from zoco.hub.repos.authors import signature_of
from zoco.hub.repos.commit import branch_for_commits
from zoco.hub.repos.landing import land
from zoco.hub.repos.ref_store import Tip
from zoco.hub.repos.storage import RepoStorage

DEFAULT_MESSAGE = "Super-squash branch '{branch}' using the API"


def super_squash(
    storage: RepoStorage,
    repo: WritableRepo,
    actor: Actor,
    revision: str,
    message: str | None = None,
    *,
    via: str = "api",
) -> Oid:
    """The one commit. What only the old history held is pruned later, unless another ref needs it.

    Raises RevisionNotFound, and Invalid where `revision` is no branch.
    """
    ref = branch_for_commits(storage, repo, revision)
    text = (message or "").strip() or DEFAULT_MESSAGE.format(branch=ref.removeprefix("refs/heads/"))
    who = signature_of(actor)
    pack = PackWriter(storage.blobs.scratch)

    def build(git: Reader, tip: Tip) -> Oid:
        if tip.oid is None:
            raise RevisionNotFound(revision)
        return pack.add(Kind.COMMIT, serialise_commit(Commit(git.commit(tip.oid).tree, (), who, who, text)))

    try:
        return land(storage, repo, actor, ref, pack, build, via=via)[0]
    finally:
        pack.close()
