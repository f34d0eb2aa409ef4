"""How does a branch go back to an older version without losing what came since? By a new commit with the old tree."""

from __future__ import annotations

from zoco.adapters.git.reader import Reader
from zoco.core.access import Actor
from zoco.core.errors import Invalid, RevisionNotFound, StaleParent
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.formats.git.objects import Commit, Kind, serialise_commit
from zoco.formats.git.pack import PackWriter
from zoco.hub.repos.authors import signature_of
from zoco.hub.repos.commit import branch_for_commits
from zoco.hub.repos.landing import land
from zoco.hub.repos.ref_store import Tip
from zoco.hub.repos.revisions import at_version, resolve_revision
from zoco.hub.repos.storage import RepoStorage


def restore(
    storage: RepoStorage,
    repo: WritableRepo,
    actor: Actor,
    branch: str,
    version: str,
    *,
    parent: Oid | None = None,
    message: str | None = None,
    via: str = "web",
) -> Oid:
    """`version` is any revision whose files `branch` shall hold again.

    `parent`: the tip the caller looked at (StaleParent when the branch moved since). Raises Invalid when the branch
    holds exactly these files already.
    """
    ref = branch_for_commits(storage, repo, branch)
    who = signature_of(actor)
    pack = PackWriter(storage.blobs.scratch)

    def build(git: Reader, tip: Tip) -> Oid:
        if tip.oid is None:
            raise RevisionNotFound(branch)
        if parent is not None and tip.oid != parent:
            raise StaleParent
        source = resolve_revision(storage, at_version(repo, tip), version)
        old = git.commit(source)
        if git.commit(tip.oid).tree == old.tree:
            raise Invalid(f"{branch} holds the files of {source[:7]} already: there is nothing to restore.")
        title = old.message.partition("\n")[0]
        text = (message or "").strip() or f"Restore the version of {source[:7]}\n\n{source}: {title}"
        return pack.add(Kind.COMMIT, serialise_commit(Commit(old.tree, (tip.oid,), who, who, text)))

    try:
        return land(storage, repo, actor, ref, pack, build, via=via)[0]
    finally:
        pack.close()
