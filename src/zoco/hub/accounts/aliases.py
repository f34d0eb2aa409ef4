"""One-word names, as `gpt2` on the Hub: an administrator points one at a repository."""

from __future__ import annotations

from zoco.adapters.db.engine import Database
from zoco.core.access import Actor
from zoco.core.errors import Denied, Invalid, NotFound
from zoco.core.ids import RepoId, problem_with_namespace
from zoco.hub.accounts import audit
from zoco.hub.accounts.store import aliases as store
from zoco.hub.accounts.store import names
from zoco.hub.accounts.store.aliases import AliasInfo

__all__ = ["AliasInfo", "add_alias", "list_aliases", "remove_alias"]


def add_alias(db: Database, actor: Actor | None, word: str, target: RepoId) -> None:
    """Of each type a word names one repository; given again, it points anew.

    Raises Invalid, NotFound, AlreadyExists (a user or organisation is called so), Denied.
    """
    _check_admin(actor)
    if problem := problem_with_namespace(word):
        raise Invalid(f"This cannot be an alias: {problem}.")
    with db.write() as write:
        repo_id = store.find_repo(write, target.type, target.namespace, target.name)
        if repo_id is None:
            raise NotFound(f"There is no {target.type} called '{target.full_name}'.")
        taken = names.find(write, word)
        if taken is None or taken.kind is not names.Kind.ALIAS:
            names.add(write, word, names.Kind.ALIAS)
        store.set_target(write, target.type, word, repo_id)
        audit.record(write, actor, "alias.add", word, details={"to": target.path})


def remove_alias(db: Database, actor: Actor | None, word: str, type: str) -> None:
    """The word is free again when no type uses it. Raises NotFound, Denied."""
    _check_admin(actor)
    with db.write() as write:
        found = names.find(write, word)
        if found is None or found.kind is not names.Kind.ALIAS:
            raise NotFound(f"There is no alias '{word}'.")
        removed = store.remove(write, type, word)
        used = store.is_used(write, word)
        if not removed and used:
            raise NotFound(f"There is no alias '{word}' for a {type}.")
        if not used:  # also of one whose repository is gone
            names.remove(write, found.id)
        audit.record(write, actor, "alias.remove", found.name, details={"type": type})


def list_aliases(db: Database) -> list[AliasInfo]:
    """By word."""
    with db.read() as read:
        return store.every(read)


def _check_admin(actor: Actor | None) -> None:
    if actor is not None and not actor.is_admin:
        raise Denied("Only an administrator of this Hub may do this.")
