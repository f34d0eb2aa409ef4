"""A client that sends files in parts, step by step: what good ones do, and what tests make bad ones do."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Any

import httpx
from tests.clients.test_lfs_wire import batch
from tests.running import Person, Server

MEBI = 1 << 20
PART = 64 * MEBI
Json = dict[str, Any]


def large(size: int) -> bytes:
    """Quickly made, and like no other."""
    block = os.urandom(MEBI)
    return (block * (size // MEBI + 1))[:size]


@dataclass
class Parts:
    """One file on its way."""

    data: bytes
    chunk_size: int
    urls: list[str]
    end: str
    verify: str

    @property
    def oid(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def piece(self, number: int) -> bytes:
        return self.data[(number - 1) * self.chunk_size : number * self.chunk_size]

    def send(self, number: int, data: bytes | None = None) -> httpx.Response:
        return httpx.put(self.urls[number - 1], content=self.piece(number) if data is None else data, timeout=120)

    def sent(self, number: int) -> Json:
        answer = self.send(number)
        assert answer.status_code == 200, answer.text
        return {"partNumber": number, "etag": answer.headers["ETag"]}

    def complete(self, parts: list[Json], **more: object) -> httpx.Response:
        return httpx.post(self.end, json={"oid": self.oid, "parts": parts, **more}, timeout=300)

    def all_sent(self) -> list[Json]:
        return [self.sent(number) for number in range(1, len(self.urls) + 1)]

    def verified(self) -> httpx.Response:
        named = {"oid": self.oid, "size": len(self.data)}
        return httpx.post(self.verify, json=named, timeout=300, follow_redirects=True)


def ask(
    server: Server, who: Person, path: str, data: bytes, transfers: tuple[str, ...] = ("basic", "multipart")
) -> Json:
    named = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
    answer = batch(server, who, path, "upload", named, transfers=list(transfers))
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def begin(server: Server, who: Person, path: str, data: bytes) -> Parts:
    answer = ask(server, who, path, data)
    assert answer["transfer"] == "multipart"
    actions = answer["objects"][0]["actions"]
    header = dict(actions["upload"]["header"])
    chunk_size = int(header.pop("chunk_size"))
    assert list(header) == sorted(header), "clients take them as they come"
    return Parts(data, chunk_size, list(header.values()), actions["upload"]["href"], actions["verify"]["href"])


def is_here(server: Server, who: Person, path: str, data: bytes) -> bool:
    """Byte for byte."""
    named = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data)}
    one = batch(server, who, path, "download", named).json()["objects"][0]
    if "error" in one:
        assert one["error"]["code"] == 404
        return False
    return httpx.get(one["actions"]["download"]["href"], timeout=120, follow_redirects=True).content == data
