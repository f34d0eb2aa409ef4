"""What becomes of a commit's content? Files and pointers go into the pack once, before any try to move the branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoco.core.errors import Invalid, TooLarge, Unprocessable
from zoco.core.ids import Oid
from zoco.core.repos import WritableRepo
from zoco.formats.cards.validate import validate
from zoco.formats.git.objects import Kind
from zoco.formats.git.pack import PackWriter
from zoco.formats.lfs.pointer import Pointer, parse_pointer
from zoco.hub.lfs.objects import LfsObject, find_all
from zoco.hub.repos.commit_ops import FileOp, LfsOp, Operation
from zoco.hub.repos.storage import RepoStorage

ATTRIBUTES = ".gitattributes"


@dataclass(frozen=True, slots=True)
class Packed:
    """The blob at each path, the text of the new .gitattributes if there is one, and which LFS objects the files
    count on."""

    blobs: Mapping[str, Oid]
    attributes: str | None
    pointers: tuple[tuple[str, Pointer], ...] = ()


def pack_content(storage: RepoStorage, repo: WritableRepo, operations: Sequence[Operation], pack: PackWriter) -> Packed:
    """One file in memory at a time. Raises TooLarge, Unprocessable or Invalid, naming the path and the cure."""
    files = [operation for operation in operations if isinstance(operation, FileOp)]
    objects = [operation for operation in operations if isinstance(operation, LfsOp)]
    _check_sizes(storage, files)
    blobs: dict[str, Oid] = {}
    named: list[tuple[str, Pointer]] = []
    attributes: str | None = None
    for file in files:
        data = file.source if isinstance(file.source, bytes) else file.source.read_bytes()
        blobs[file.path] = pack.add(Kind.BLOB, data)
        if pointer := _pointer_in(file.path, data):
            named.append((file.path, pointer))
        elif file.path == "README.md":
            _check_card(data, repo)
        elif file.path == ATTRIBUTES:
            attributes = data.decode("utf-8", "replace")
    linked = find_all(storage.db, repo, [*(o.sha256 for o in objects), *(p.sha256 for _, p in named)])
    for path, pointer in named:
        _check_object(path, pointer.size, linked.get(pointer.sha256), pointer.sha256)
    for wanted in objects:
        found = _check_object(wanted.path, wanted.size, linked.get(wanted.sha256), wanted.sha256)
        pointer = Pointer(found.sha256, found.size)
        named.append((wanted.path, pointer))
        blobs[wanted.path] = pack.add(Kind.BLOB, pointer.text())
    return Packed(blobs, attributes, tuple(named))


def check_again(storage: RepoStorage, repo: WritableRepo, pointers: Sequence[tuple[str, Pointer]]) -> None:
    """After the repository was pruned. Raises Unprocessable when one of the objects went with that."""
    linked = find_all(storage.db, repo, [pointer.sha256 for _, pointer in pointers])
    for path, pointer in pointers:
        _check_object(path, pointer.size, linked.get(pointer.sha256), pointer.sha256)


def _check_sizes(storage: RepoStorage, files: Sequence[FileOp]) -> None:
    limits, total = storage.limits, 0
    for file in files:
        size = len(file.source) if isinstance(file.source, bytes) else file.source.stat().st_size
        total += size
        if size > limits.regular_file_size_max_bytes:
            raise TooLarge(
                f"{file.path!a} has {size} bytes; files over {limits.regular_file_size_max_bytes} bytes must go by"
                " Git LFS. Upload it as an LFS object first (huggingface_hub does when the server's preupload says"
                " so), or track it with 'git lfs track' and push."
            )
    if total > limits.commit_size_max_bytes:
        raise TooLarge(
            f"This commit holds {total} bytes of files; at most {limits.commit_size_max_bytes} fit in one. Send"
            " several commits, or big files by Git LFS."
        )


def _pointer_in(path: str, data: bytes) -> Pointer | None:
    try:
        return parse_pointer(data)
    except Invalid as error:
        raise Unprocessable(f"{path!a}: {error.message}") from error


def _check_object(path: str, size: int | None, found: LfsObject | None, sha256: str) -> LfsObject:
    if found is None:
        raise Unprocessable(
            f"{path!a} points at the LFS object {sha256}, which was not uploaded to this repository. Upload it by the"
            " LFS batch API, then commit again."
        )
    if size is not None and size != found.size:
        raise Unprocessable(
            f"{path!a} says its LFS object {sha256} has {size} bytes, but {found.size} were uploaded. Send the size"
            " of the file itself."
        )
    return found


def _check_card(data: bytes, repo: WritableRepo) -> None:
    if errors := validate(data.decode("utf-8", "replace"), repo.id.type).errors:
        raise Invalid("; ".join(errors), errors)
