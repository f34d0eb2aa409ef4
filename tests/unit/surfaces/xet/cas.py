"""A Xet client without any caution: it sends what it is told to, byte by byte."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tests.unit.surfaces.hub_api.callers import Api
from tests.xet_files import MadeFile, Packed, Span, fresh_file, shard_of

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Cas:
    """Somebody with a token for one repository. `repo` is its full name, `kind` its type in the plural."""

    api: Api
    repo: str
    address: str
    token: str
    kind: str = "models"

    def __call__(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, token: str | None = None, **more: Any
    ) -> Any:
        """`path` behind the store's address."""
        signed = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self.api.client.request(
            method, f"{self.address}{path}", headers={**signed, **(headers or {})}, follow_redirects=False, **more
        )

    def with_token(self, token: str) -> Cas:
        return replace(self, token=token)

    def send_xorb(self, xorb: Packed, body: bytes | None = None) -> Any:
        return self("POST", f"/v1/xorbs/default/{xorb.hash}", content=xorb.body if body is None else body)

    def send_shard(self, *files: MadeFile, version: int = 2) -> Any:
        return self("POST", f"/v{version}/shards", content=shard_of(*files))

    def upload(self, file: MadeFile, path: str = "") -> MadeFile:
        """All that a client does, with a commit where `path` is given."""
        for xorb in file.xorbs:
            assert self.send_xorb(xorb).status_code == 200
        last = event(self.send_shard(file))
        assert last == {"type": "result", "result": 1}, last
        if path:
            answer = self.commit(file, path)
            assert answer.status_code == 200, answer.text
        return file

    def commit(self, file: MadeFile, path: str = "model.bin") -> Any:
        value = {"path": path, "algo": "sha256", "oid": file.said.sha256, "size": len(file.data)}
        return self.api.commit(self.repo, {"key": "lfsFile", "value": value}, kind=self.kind)

    def reconstruction(self, file: MadeFile, *, version: int = 2, range: str = "") -> Any:
        headers = {"Range": f"bytes={range}"} if range else {}
        return self("GET", f"/v{version}/reconstructions/{file.hash}", headers=headers)

    def fetch(self, url: str, range: str | None, **headers: str) -> Any:
        """As clients do: without a token."""
        asked = {**({"Range": f"bytes={range}"} if range else {}), **headers}
        return self.api.client.get(url, headers=asked, follow_redirects=False)

    def chunk(self, span: Span) -> Any:
        """Asks for the first chunk of `span`."""
        from zoco.formats.xet.hashes import to_wire

        return self("GET", f"/v1/chunks/default/{to_wire(span.of.chunks.hash_at(span.start))}")

    def download(self, path: str = "model.bin") -> Any:
        prefix = "" if self.kind == "models" else f"{self.kind}/"
        return self.api("GET", f"/{prefix}{self.repo}/resolve/main/{path}")


def cas_of(api: Api, repo: str, *, writes: bool = True, kind: str = "models") -> Cas:
    answer = token_answer(api, repo, writes=writes, kind=kind)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return Cas(api, repo, urlsplit(told["casUrl"]).path, told["accessToken"], kind)


def token_answer(api: Api, repo: str, *, writes: bool = True, kind: str = "models", query: str = "") -> Any:
    return api("GET", f"/api/{kind}/{repo}/xet-{'write' if writes else 'read'}-token/main{query}")


def own(api: Api, *, kind: str = "model", **body: object) -> Cas:
    """With a new repository of its own."""
    return cas_of(api, api.repo(kind=kind, **body), kind=f"{kind}s")


def some_file(*sizes: int) -> MadeFile:
    """One that nobody else has."""
    return fresh_file(*sizes, seed=f"surfaces-{next(_numbers)}")


def event(answer: Any) -> Any:
    """The last line of a shard's answer."""
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text.splitlines()[-1])


def check_refusal(answer: Any, status: int, words: str = "") -> None:
    """A precise answer that carries its request's id, and its reason also where there is no body."""
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["x-request-id"]
    assert words in answer.headers["x-error-message"]
    if answer.request.method != "HEAD":
        assert words in answer.json()["error"]
    assert "Traceback" not in answer.text


def check_refused(answer: Any, status: int, words: str = "") -> None:
    """The newer call for shards says it in its last line, the only thing that hf-xet shows to its user."""
    if answer.headers["content-type"] != "application/x-ndjson":
        check_refusal(answer, status, words)
        return
    last = event(answer)
    assert last["type"] == "error", last
    assert words in last["message"]
    assert last["retryable"] is False
    assert answer.headers["x-request-id"]
