"""What a fine-grained token may: between the rule's `Grants`, its row in SQL, and the Hub's permission words.

In SQL (column `token.grants`), JSON that names things by their public id, because rights follow the thing and not its
name: a repository keeps its token when it is renamed, and whoever takes the old name gains nothing.

    {"everywhere": "read",                       floor for every repository its owner may open; absent: nothing
     "account": true,                            may change the account itself (profile, tokens); absent: no
     "namespaces": {"<public id>": "admin"},     every repository there, and creating new ones from "write" on
     "repos": {"<public id>": "write"}}

The Hub's words (`auth.accessToken.fineGrained` of whoami): `repo.content.read` reads; `repo.content.write` commits and
pushes; `repo.write` also changes settings, renames and deletes, as on the Hub («contents/settings»). `account.write`
is ours. Words we have no feature for (`inference.serverless.write`, …) grant nothing and are refused when given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zoco.adapters.db.engine import Read
from zoco.core.access import Access, Actor, Grants, RepoFacts, access_to
from zoco.core.errors import Invalid
from zoco.core.ids import RepoType, name_key
from zoco.hub.accounts.store import names, tokens

Json = dict[str, Any]  # Any: JSON

_WORDS = {Access.READ: "read", Access.WRITE: "write", Access.ADMIN: "admin"}
_LEVELS = {word: access for access, word in _WORDS.items()}

_PERMISSIONS = {
    Access.READ: ("repo.content.read",),
    Access.WRITE: ("repo.content.read", "repo.content.write"),
    Access.ADMIN: ("repo.content.read", "repo.write"),
}
_BY_PERMISSION = {
    "repo.content.read": Access.READ,
    "repo.content.write": Access.WRITE,
    "repo.write": Access.ADMIN,
}
MANAGE_ACCOUNT = "account.write"


def permissions_of(access: Access) -> tuple[str, ...]:
    return _PERMISSIONS.get(access, ())


def access_of(permissions: Iterable[str]) -> Access:
    """Raises Invalid for a word that is no permission here."""
    most = Access.NONE
    for word in permissions:
        if word not in _BY_PERMISSION:
            raise Invalid(f"'{word[:64]}' is not a permission: use one of {', '.join(sorted(_BY_PERMISSION))}.")
        most = max(most, _BY_PERMISSION[word])
    return most


def stored(read: Read, grants: Grants, owner: Actor) -> Json:
    """Raises Invalid for what does not exist, or is hidden from the owner."""
    named_spaces = {key: names.find(read, key) for key in grants.namespaces}
    spaces = {}
    for key, access in grants.namespaces.items():
        found = named_spaces[key]
        if found is None or owner.role_in(key) is None:
            raise Invalid(f"You do not belong to '{key}': a token can only give what its owner has.")
        spaces[found.public_id] = _WORDS[access]
    repos = {}
    for path, access in grants.repos.items():
        found_repo = _visible_repo(read, path, owner)
        if found_repo is None:
            raise Invalid(f"There is no repository '{path}' that you may read.")
        repos[found_repo.public_id] = _WORDS[access]
    result: Json = {"namespaces": spaces, "repos": repos}
    if grants.everywhere:
        result["everywhere"] = _WORDS[grants.everywhere]
    if grants.can_manage_account:
        result["account"] = True
    return result


def load(read: Read, json: Json) -> Grants:
    """What was renamed has its new name, what was deleted is gone."""
    spaces: dict[str, str] = json.get("namespaces") or {}
    repos: dict[str, str] = json.get("repos") or {}
    by_id = names.names_by_public_id(read, spaces) if spaces else {}
    by_repo = tokens.repos_by_public_id(read, list(repos)) if repos else []
    return Grants(
        everywhere=level(json.get("everywhere")),
        namespaces={name_key(named.name): level(spaces[public_id]) for public_id, named in by_id.items()},
        repos={
            f"{found.type}/{name_key(found.namespace)}/{name_key(found.name)}": level(repos[found.public_id])
            for found in by_repo
        },
        can_manage_account=bool(json.get("account")),
    )


def level(word: str | None) -> Access:
    return _LEVELS.get(word or "", Access.NONE)


def _visible_repo(read: Read, path: str, owner: Actor) -> tokens.NamedRepo | None:
    parts = path.split("/")
    if len(parts) != 3 or parts[0] not in set(RepoType):
        raise Invalid(f"'{path}' must be of the form type/owner/name, as in model/acme/iris.")
    found = tokens.repo_by_name(read, parts[0], name_key(parts[1]), name_key(parts[2]))
    if found is None:
        return None
    facts = RepoFacts(found.type, found.namespace, found.name, found.visibility, found.creator_id)
    return found if access_to(facts, owner) >= Access.READ else None
