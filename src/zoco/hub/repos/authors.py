"""As whom does an account commit, and which account is meant by the address in a commit?"""

from __future__ import annotations

from collections.abc import Iterable

from zoco.adapters.clock import now_ms
from zoco.core.access import Actor
from zoco.formats.git.objects import Signature
from zoco.hub.repos import author_store
from zoco.hub.repos.storage import RepoStorage

NOREPLY_DOMAIN = "users.noreply.zoco"


def signature_of(actor: Actor) -> Signature:
    """Never the account's own address: history is public and for ever."""
    return Signature(actor.name, noreply_address(actor.name), now_ms() // 1000)


def noreply_address(name: str) -> str:
    return f"{name}@{NOREPLY_DOMAIN}"


def accounts_of(storage: RepoStorage, emails: Iterable[str]) -> dict[str, str]:
    """By address in lower case: the account's name. Our own no-reply addresses carry it; only existing ones count."""
    asked = {email.lower() for email in emails}
    ending = f"@{NOREPLY_DOMAIN}"
    by_name = {email: email.removesuffix(ending) for email in asked if email.endswith(ending)}
    with storage.db.read() as read:
        users = author_store.names_by_email(read, asked - by_name.keys())
        named = author_store.names_by_name(read, by_name.values()) if by_name else {}
    return users | {email: named[name] for email, name in by_name.items() if name in named}
