"""How does a large blob come in parts, some of them twice, over hours and restarts? The port of stores that can.

Nothing is under the key before `complete`, and nothing that was sent changes the blob after it: neither an address
that is still good nor a part that is still on its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class InParts:
    """A blob on its way: parts 1 to `count`, all of `part_size` bytes but the last. `upload_id` is the store's own name
    for it."""

    key: str
    size: int
    part_size: int
    upload_id: str

    @property
    def count(self) -> int:
        return -(-self.size // self.part_size)

    def size_of(self, number: int) -> int:
        return min(self.part_size, self.size - (number - 1) * self.part_size)

    def start_of(self, number: int) -> int:
        return (number - 1) * self.part_size


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """`etag` without quotes: the same bytes have the same."""

    etag: str
    size: int


@dataclass(frozen=True, slots=True)
class Unfinished:
    """`since_ms`: when it was begun, or was last sent something."""

    blob: InParts
    since_ms: int


class PartsDiffer(Exception):
    """The store has other parts than those it was told to join."""


class IncomingPart(Protocol):
    """One thread at a time may use it."""

    def feed(self, chunk: bytes) -> None:
        """Raises Unavailable; BlobNotFound when the upload has ended meanwhile."""

    def finish(self) -> str:
        """Durable when it returns; the part's ETag. Raises likewise."""

    def abort(self) -> None:
        """Harmless after `finish`."""


class PartStore(Protocol):
    """Every method raises Unavailable when the store is away."""

    is_straight: bool
    """Whether clients send parts to the store itself, by `part_url`; else they come by `receive`."""

    def begin(self, key: str) -> str:
        """The `upload_id`."""

    def part_url(self, blob: InParts, number: int, *, lifetime_s: int) -> str:
        """Where a client may PUT exactly this part's bytes, any number of times."""

    def receive(self, blob: InParts, number: int) -> IncomingPart:
        """The caller feeds exactly the part's bytes. A part that came before is replaced."""

    def received(self, blob: InParts) -> dict[int, ReceivedPart]:
        """Which parts are there, whole. Empty also when there is no such upload."""

    def complete(self, blob: InParts, etags: Sequence[str]) -> None:
        """Parts 1, 2, … become the blob, durable when it returns. Raises PartsDiffer; BlobNotFound when there is no
        such upload. What was completed before is complete."""

    def abort(self, blob: InParts) -> None:
        """Throw away what came. What is not there is fine."""

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Uploads to keys below `prefix`, whoever began them; their sizes are not known here and are 0."""
