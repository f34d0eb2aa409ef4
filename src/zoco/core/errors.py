"""What can go wrong, in the Hub's words. The surfaces decide what each becomes on their wire.

HubError
├── NotAuthenticated      who are you?
├── Denied                we know who you are, and no
│   ├── GatedRepo           the terms were not accepted
│   └── Disabled            an administrator closed it
├── NotFound
│   ├── RepoNotFound        also a private repository, to whoever may not read it
│   ├── RevisionNotFound
│   ├── EntryNotFound       carries the commit it was looked for in
│   └── Moved               it lives elsewhere now: carries the new id
├── Conflict
│   └── AlreadyExists       carries what is there
├── StaleParent           the branch moved since you looked
├── TooLarge
├── BadRange
├── Invalid               the request is malformed
├── Unprocessable         well formed, but it cannot be done (a bad path in a commit)
├── RateLimited
├── NotOffered            a part of the Hub's API this server does not have yet
└── Unavailable           the store or the database is away; try again
    └── StoreFull           no room: trying again does not help before somebody made some

`code` is the name clients branch on (`X-Error-Code`; huggingface_hub `utils/_http.py` `hf_raise_for_status`).
A message is English, says what is wrong and names the cure.
"""

from __future__ import annotations

import errno

from zoco.core.ids import Oid, RepoId


class HubError(Exception):
    code: str | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAuthenticated(HubError):
    """No credentials, or wrong ones."""


class InvalidCredentials(NotAuthenticated):
    """A token was given and it is not good. Clients know this exact text."""

    def __init__(self, message: str = "Invalid credentials in Authorization header") -> None:
        super().__init__(message)


class Denied(HubError):
    pass


class GatedRepo(Denied):
    code = "GatedRepo"

    def __init__(self, repo: RepoId, *, signed_in: bool) -> None:
        cure = (
            f"Visit the page of {repo.full_name} to ask for access."
            if signed_in
            else f"You must have access to it and be authenticated to access it. Please log in and visit {repo.path}."
        )
        super().__init__(f"Access to {repo.type} {repo.full_name} is restricted. {cure}")
        self.repo = repo
        self.signed_in = signed_in


class Disabled(Denied):
    def __init__(self) -> None:
        super().__init__("Access to this resource is disabled.")


class NotFound(HubError):
    pass


class RepoNotFound(NotFound):
    code = "RepoNotFound"

    def __init__(self, repo: RepoId | None = None, *, signed_in: bool = True) -> None:
        super().__init__("Repository not found" if signed_in else "Invalid username or password.")
        self.repo = repo
        self.signed_in = signed_in


class RevisionNotFound(NotFound):
    code = "RevisionNotFound"

    def __init__(self, revision: str) -> None:
        super().__init__(f"Invalid rev id: {revision}")
        self.revision = revision


class EntryNotFound(NotFound):
    code = "EntryNotFound"

    def __init__(self, path: str, commit: Oid | None = None, message: str | None = None) -> None:
        super().__init__(message or (f"Entry not found: {path}" if path else "Entry not found"))
        self.path = path
        self.commit = commit


class Moved(NotFound):
    """Not an error of the caller: the surfaces answer 307 to the same route of `to`."""

    def __init__(self, asked: RepoId, to: RepoId) -> None:
        super().__init__(f"{asked.full_name} is now {to.full_name}")
        self.asked = asked
        self.to = to


class Conflict(HubError):
    pass


class AlreadyExists(Conflict):
    """`repo` is set when what exists is a repository the caller may read (the 409 body carries its URL)."""

    def __init__(self, message: str, repo: RepoId | None = None) -> None:
        super().__init__(message)
        self.repo = repo


class StaleParent(HubError):
    def __init__(self) -> None:
        super().__init__("The branch was updated since you opened this page. Please refresh and try again.")


class TooLarge(HubError):
    pass


class BadRange(HubError):
    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"Range not satisfiable: the file has {size_bytes} bytes")
        self.size_bytes = size_bytes


class Invalid(HubError):
    """`problems` lists each fault separately where there are several (a form, a card)."""

    def __init__(self, message: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class Unprocessable(HubError):
    pass


class RateLimited(HubError):
    def __init__(self, bucket: str, *, quota: int, window_s: int, reset_s: int) -> None:
        super().__init__(f"Too many requests ({quota} in {window_s} s). Try again in {reset_s} s.")
        self.bucket = bucket
        self.quota = quota
        self.window_s = window_s
        self.reset_s = reset_s


class NotOffered(HubError):
    pass


class Unavailable(HubError):
    pass


class StoreFull(Unavailable):
    def __init__(self) -> None:
        super().__init__(
            "The server's disk is full: nothing more can be stored. Ask its administrator to make room, then try again."
        )


def has_no_room(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT}
