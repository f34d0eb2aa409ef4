"""Change one file in the browser: write it, edit it, delete it, or send one from disk; each is a commit on a branch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from zoco.core.access import Actor
from zoco.core.errors import (
    EntryNotFound,
    HubError,
    Invalid,
    NotAuthenticated,
    RevisionNotFound,
    StaleParent,
    TooLarge,
    Unprocessable,
)
from zoco.core.ids import Oid, Sha256
from zoco.core.repos import WritableRepo
from zoco.formats.cards.front_matter import split
from zoco.formats.cards.validate import validate
from zoco.formats.git.paths import problem_with_path
from zoco.hub.lfs.batch import LfsLimits
from zoco.hub.lfs.upload import Lfs, Upload
from zoco.hub.repos.commit import commit
from zoco.hub.repos.commit_ops import CommitRequest, DeleteFile, FileOp, LfsOp, Operation
from zoco.hub.repos.open import open_for_writing
from zoco.hub.repos.preupload import FileProbe, Mode, preupload
from zoco.hub.repos.read import find_entry, open_file
from zoco.hub.repos.revisions import resolve_revision
from zoco.surfaces.web import urls
from zoco.surfaces.web.forms import Filled, Form
from zoco.surfaces.web.pages.blob import EDITED_MAX_BYTES, can_be_edited
from zoco.surfaces.web.pages.repo_head import PREFIXES, RepoHead, head_of, repo_id_of
from zoco.surfaces.web.render import Page, go_to
from zoco.surfaces.web.said import in_words, translate
from zoco.surfaces.web.serve import acts, shows
from zoco.surfaces.web.visit import Visit

UPLOAD_MAX_BYTES = 50_000_000
FORM_MAX_BYTES = 3 * EDITED_MAX_BYTES
CHUNK = 1 << 20
README = "README.md"
REPAIR = "Repair the metadata of the card"


@dataclass(frozen=True, slots=True)
class EditContext:
    """`path` is the file edited, or the folder a new one goes to; `parent` the commit the visitor looks at."""

    head: RepoHead
    revision: str
    path: str
    parent: str
    is_new: bool
    text: str = ""
    form: Filled = field(default_factory=Filled)
    is_repair: bool = False


@dataclass(frozen=True, slots=True)
class UploadContext:
    head: RepoHead
    revision: str
    path: str
    size_max: int = UPLOAD_MAX_BYTES
    form: Filled = field(default_factory=Filled)


def show_new(visit: Visit, request: Request) -> Page:
    repo, _ = _opened(visit, request)
    revision, folder = _place(request)
    parent = _tip(visit, repo, revision) or ""
    name = request.query_params.get("name", "")
    head = head_of(visit, repo, revision=revision)
    return Page(
        "repos/edit.html", EditContext(head, revision, folder, parent, is_new=True, form=Filled({"name": name}))
    )


def save_new(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    revision, folder = _place(request)
    text = _text(form)
    path = "/".join(part for part in (folder, form["name"].strip("/")) if part)
    errors = _problems(visit, repo, path, text)
    if not form["name"]:
        errors = {"name": visit.language.gettext("The file needs a name.")}
    elif not errors and _exists(visit, repo, revision, path):
        errors["name"] = visit.language.gettext("There is a file with this name already.")
    if not errors:
        try:
            _commit(visit, repo, actor, revision, FileOp(path, text.encode()), form, f"Create {path}")
            return go_to(urls.blob(repo.id, revision, path), visit, said="committed")
        except (Invalid, Unprocessable, TooLarge) as error:
            errors["name"] = in_words(visit.language, error)
    head = head_of(visit, repo, revision=revision)
    filled = Filled(form.typed(), errors)
    context = EditContext(head, revision, folder, form["parent"], True, text, filled)
    return Page("repos/edit.html", context, status=422)


def show_edit(visit: Visit, request: Request) -> Page:
    repo, _ = _opened(visit, request)
    revision, path = _place(request)
    tip = _tip(visit, repo, revision)
    if tip is None:
        raise RevisionNotFound(revision)
    file = open_file(visit.hub.storage, repo, tip, path)
    if not can_be_edited(file):
        raise Unprocessable("This file is not text, or too large to edit here: change it with git or hf upload.")
    text = (file.data or b"").decode("utf-8")
    mended = repaired(text) if path == README and "repair" in request.query_params else None
    head = head_of(visit, repo, revision=revision)
    context = EditContext(head, revision, path, tip, is_new=False, text=text)
    if mended:
        context = replace(context, text=mended, form=Filled({"summary": REPAIR}), is_repair=True)
    return Page("repos/edit.html", context)


def save_edit(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    revision, path = _place(request)
    text = _text(form) if not form["repair"] else _mended(visit, repo, revision, path)
    errors = _problems(visit, repo, path, text)
    if not errors:
        try:
            if _current(visit, repo, revision, path, form["parent"]) == text:
                return go_to(urls.blob(repo.id, revision, path), visit, said="unchanged")
            _commit(visit, repo, actor, revision, FileOp(path, text.encode()), form, f"Update {path}")
            if form["repair"]:
                return go_to(urls.repo(repo.id), visit, said="committed")
            return go_to(urls.blob(repo.id, revision, path), visit, said="committed")
        except StaleParent:
            return _stale(visit, repo, revision, path, form, text)
        except (Invalid, Unprocessable, TooLarge) as error:
            errors["text"] = in_words(visit.language, error)
    filled = Filled(form.typed(), errors)
    head = head_of(visit, repo, revision=revision)
    context = EditContext(head, revision, path, form["parent"], False, text, filled)
    return Page("repos/edit.html", context, status=422)


def show_delete(visit: Visit, request: Request) -> Page:
    repo, _ = _opened(visit, request)
    revision, path = _place(request)
    tip = _tip(visit, repo, revision)
    if tip is None:
        raise RevisionNotFound(revision)
    find_entry(visit.hub.storage, repo, tip, path)
    head = head_of(visit, repo, revision=revision)
    return Page("repos/delete_file.html", EditContext(head, revision, path, tip, is_new=False))


def delete_file(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    revision, path = _place(request)
    _commit(visit, repo, actor, revision, DeleteFile(path), form, f"Delete {path}")
    return go_to(urls.tree(repo.id, revision), visit, said="committed")


def show_upload(visit: Visit, request: Request) -> Page:
    repo, _ = _opened(visit, request)
    revision, folder = _place(request)
    return Page("repos/upload.html", UploadContext(head_of(visit, repo, revision=revision), revision, folder))


def upload(visit: Visit, request: Request, form: Form) -> Page | Response:
    repo, actor = _opened(visit, request)
    revision, folder = _place(request)
    sent, error = form.file("file"), ""
    if sent is None:
        error = visit.language.gettext("Choose a file first.")
    else:
        name = (sent.filename or "").replace("\\", "/").rpartition("/")[2]
        path = "/".join(part for part in (folder, name) if part)
        try:
            operation = _received(visit, repo, actor, revision, path, sent.file)
            _commit(visit, repo, actor, revision, operation, form, f"Upload {path}")
            return go_to(urls.tree(repo.id, revision, folder), visit, said="committed")
        except (Invalid, Unprocessable, TooLarge) as problem:
            error = in_words(visit.language, problem)
    head = head_of(visit, repo, revision=revision)
    context = UploadContext(head, revision, folder, form=Filled(form.typed(), {"file": error}))
    return Page("repos/upload.html", context, status=422)


def _received(visit: Visit, repo: WritableRepo, actor: Actor, revision: str, path: str, file: BinaryIO) -> Operation:
    """The bytes of a form's file, in LFS where the repository's rules say so, ready to be committed."""
    if problem := problem_with_path(path):
        raise Unprocessable(problem[0].upper() + problem[1:])
    sample, size, hashed = file.read(512), 0, hashlib.sha256()
    for chunk in _chunks(file):
        hashed.update(chunk)
        size += len(chunk)
    [answer] = preupload(visit.hub.storage, repo, revision, [FileProbe(path, size, sample)]).files
    if answer.mode is not Mode.LFS:
        file.seek(0)
        return FileOp(path, file.read())
    sha256 = Sha256(hashed.hexdigest())
    limits = LfsLimits(visit.hub.settings.lfs_file_size_max_bytes)
    with Upload(Lfs(visit.hub.db, visit.hub.blobs, limits), repo, sha256, size, actor.user_id) as arriving:
        for chunk in _chunks(file):
            arriving.feed(chunk)
        arriving.finish()
    return LfsOp(path, sha256, size)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def _commit(
    visit: Visit, repo: WritableRepo, actor: Actor, revision: str, operation: Operation, form: Form, summary: str
) -> Oid:
    """Raises StaleParent when the branch moved since the form was made."""
    asked = CommitRequest(
        form["summary"] or summary, [operation], form["description"].replace("\r\n", "\n"), form["parent"] or None
    )
    return commit(visit.hub.storage, repo, actor, revision, asked, via="web").oid


def _mended(visit: Visit, repo: WritableRepo, revision: str, path: str) -> str:
    """The README as it is, without the faults of its metadata that can be mended."""
    text = _current(visit, repo, revision, path, "") or ""
    return repaired(text) or text


def repaired(text: str) -> str | None:
    return split(text).repaired


def _problems(visit: Visit, repo: WritableRepo, path: str, text: str) -> dict[str, str]:
    """What stops a commit, by field: a text too long, or metadata of a card that cannot be read."""
    if len(text.encode("utf-8", "replace")) > EDITED_MAX_BYTES:
        return {"text": visit.language.gettext("The text is too long to edit here: change it with git or hf upload.")}
    errors = validate(text, repo.id.type).errors if path == README else ()
    return {"text": "; ".join(translate(visit.language, error) for error in errors)} if errors else {}


def _stale(visit: Visit, repo: WritableRepo, revision: str, path: str, form: Form, text: str) -> Page:
    """The branch moved: what was typed is kept, and saving again puts it on top of the new version."""
    now = _tip(visit, repo, revision) or ""
    words = visit.language.gettext(
        "Somebody changed this branch while you were writing. Your text is still here: look at the new version, then"
        " save again to put yours on top of it."
    )
    head = head_of(visit, repo, revision=revision)
    values = {**form.typed(), "parent": now}
    return Page(
        "repos/edit.html",
        EditContext(head, revision, path, now, False, text, Filled(values, {"stale": words})),
        status=409,
    )


def _current(visit: Visit, repo: WritableRepo, revision: str, path: str, parent: str) -> str | None:
    """The file as it is now. Raises StaleParent when it changed since `parent`; other files may change freely."""
    tip = _tip(visit, repo, revision)
    if tip is None or (parent and tip != parent):
        raise StaleParent
    try:
        return (open_file(visit.hub.storage, repo, tip, path).data or b"").decode("utf-8", "replace")
    except EntryNotFound:
        return None


def _exists(visit: Visit, repo: WritableRepo, revision: str, path: str) -> bool:
    try:
        tip = _tip(visit, repo, revision)
        return tip is not None and bool(find_entry(visit.hub.storage, repo, tip, path))
    except HubError:
        return False


def _text(form: Form) -> str:
    """Browsers send CRLF; files here have LF, and text ends with one."""
    text = form.raw("text").replace("\r\n", "\n").replace("\r", "\n")
    return text if not text or text.endswith("\n") else f"{text}\n"


def _tip(visit: Visit, repo: WritableRepo, revision: str) -> Oid | None:
    try:
        return resolve_revision(visit.hub.storage, repo, revision)
    except RevisionNotFound:
        if revision == repo.default_branch:
            return None
        raise


def _opened(visit: Visit, request: Request) -> tuple[WritableRepo, Actor]:
    repo = open_for_writing(visit.hub.storage, repo_id_of(request), visit.actor)
    if visit.actor is None:
        raise NotAuthenticated("Log in to change this repository.")
    return repo, visit.actor


def _place(request: Request) -> tuple[str, str]:
    return request.path_params["rev"], request.path_params.get("path", "").strip("/")


routes: list[BaseRoute] = [
    route
    for _, prefix in PREFIXES
    for verb, show, act, size in (
        ("new", show_new, save_new, FORM_MAX_BYTES),
        ("edit", show_edit, save_edit, FORM_MAX_BYTES),
        ("delete", show_delete, delete_file, FORM_MAX_BYTES),
        ("upload", show_upload, upload, UPLOAD_MAX_BYTES + 100_000),
    )
    for tail in ("/{rev:seg}", "/{rev:seg}/{path:rest}")
    for route in (shows(f"{prefix}/{verb}{tail}", show), acts(f"{prefix}/{verb}{tail}", act, size_max=size))
]
