"""What does a server say first? Refs and capabilities, protocol versions 0 to 2 (gitprotocol-http, gitprotocol-v2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zoco.core.ids import NULL_OID, Oid
from zoco.formats.git.pktline import FLUSH, encode

_CHUNK_BYTES = 64 << 10

UPLOAD_CAPABILITIES = (
    "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not deepen-relative no-progress"
    " include-tag multi_ack_detailed allow-tip-sha1-in-want allow-reachable-sha1-in-want no-done filter"
    " object-format=sha1"
).split()

RECEIVE_CAPABILITIES = (
    "report-status report-status-v2 delete-refs side-band-64k quiet atomic ofs-delta push-options object-format=sha1"
).split()


@dataclass(frozen=True, slots=True)
class AdvertisedRef:
    """`peeled` is the commit behind an annotated tag, None for what is no tag."""

    name: str
    oid: Oid
    peeled: Oid | None = None


def ref_advertisement(
    service: str, refs: Iterable[AdvertisedRef], *, head: str | None, version: int, agent: str
) -> Iterator[bytes]:
    """Versions 0 and 1. `refs` in order of their names; `head` is the ref HEAD stands for, when it exists."""
    is_fetch = service == "git-upload-pack"
    capabilities = [*(UPLOAD_CAPABILITIES if is_fetch else RECEIVE_CAPABILITIES), f"agent={agent}"]
    listed = list(refs)
    if is_fetch and head and (tip := next((ref for ref in listed if ref.name == head), None)):
        capabilities.append(f"symref=HEAD:{head}")
        listed.insert(0, AdvertisedRef("HEAD", tip.oid))
    first = listed[0] if listed else AdvertisedRef("capabilities^{}", NULL_OID)
    out = bytearray(encode(f"# service={service}\n".encode()) + FLUSH)
    if version == 1:
        out += encode(b"version 1\n")
    out += encode(f"{first.oid} {first.name}\0{' '.join(capabilities)}\n".encode()) + _peeled(first, is_fetch)
    for ref in listed[1:]:
        out += encode(f"{ref.oid} {ref.name}\n".encode()) + _peeled(ref, is_fetch)
        if len(out) > _CHUNK_BYTES:
            yield bytes(out)
            out.clear()
    yield bytes(out) + FLUSH


def _peeled(ref: AdvertisedRef, is_fetch: bool) -> bytes:
    return encode(f"{ref.peeled} {ref.name}^{{}}\n".encode()) if is_fetch and ref.peeled else b""


def v2_capabilities(agent: str) -> bytes:
    """The same for every repository, so that no process has to be started for it."""
    capabilities = ["ls-refs=unborn", "fetch=shallow wait-for-done filter", "server-option", "object-format=sha1"]
    lines = ["version 2", f"agent={agent}", *capabilities]
    return b"".join(encode(f"{line}\n".encode()) for line in lines) + FLUSH


def fetch_service_line(service: str) -> bytes:
    return encode(f"# service={service}\n".encode()) + FLUSH
