"""What stored thing is not as it should be, and how is it mended? One word for all rooms that store something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Damage:
    """`kind` and `what` name the thing; `repo`, `path` and `ref` one place that it is needed at, where it is known."""

    kind: str
    what: str
    problem: str
    cure: str
    repo: str = ""
    path: str = ""
    ref: str = ""


def restore(key: str) -> str:
    """The cure of bytes that the store should have."""
    return f"restore {key} from a backup of the store"


UPLOAD_AGAIN = "or run `zoco fsck --forget-damaged` and upload the file again"
"""The other cure, where a client may still have the bytes. Until it is forgotten the client is told that it is here."""
