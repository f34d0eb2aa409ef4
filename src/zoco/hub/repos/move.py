"""How does a repository get another name or another owner? Its old names go on leading to it."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from zoco.core.access import Actor
from zoco.core.errors import Invalid, RepoNotFound
from zoco.core.ids import RepoId
from zoco.core.repos import AdminRepo
from zoco.hub.accounts import audit
from zoco.hub.repos import store
from zoco.hub.repos.place import demand_free, demand_place, taken
from zoco.hub.repos.storage import RepoStorage


def move_repo(storage: RepoStorage, repo: AdminRepo, actor: Actor, to: RepoId) -> RepoId:
    """The new id, with the namespace as it is stored. Raises Invalid, Denied or AlreadyExists."""
    if to.type is not repo.id.type:
        raise Invalid(f"A {repo.id.type} cannot become a {to.type}: only its name and owner change.")
    with storage.db.read() as read:
        place = demand_place(read, actor, to)
        new = RepoId(to.type, place.name, to.name)
        message = f"A {new.type} repository called {new.full_name} already exists"
        demand_free(read, actor, new, message, mine=repo.key)
    if new == repo.id:
        return new
    try:
        with storage.db.write() as write:
            if not store.rename_repo(write, repo.key, old=repo.id, to=new, namespace_key=place.key):
                raise RepoNotFound(repo.id)
            audit.record(write, actor, "repo.move", repo.id.path, details={"to": new.path, "id": repo.public_id})
    except IntegrityError as error:
        with storage.db.read() as read:
            raise taken(store.find(read, new), actor, message) from error
    return new
