"""Somebody who calls the Hub's API in this very process."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.testclient import TestClient

from zoco.surfaces.state import Hub

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Api:
    """One caller's view of the Hub's API."""

    hub: Hub
    client: TestClient
    name: str = ""
    token: str = ""

    def __call__(
        self, method: str, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        signed = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.request(
            method, path, json=json, headers={**signed, **(headers or {})}, follow_redirects=False, **more
        )

    def repo(self, name: str = "", *, kind: str = "model", **body: object) -> str:
        """A new repository of this caller: its full name."""
        word = name or f"r{next(_numbers)}"
        answer = self("POST", "/api/repos/create", json={"name": word, "type": kind, **body})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def commit(
        self, id: str, *lines: Mapping[str, object], rev: str = "main", kind: str = "models", **header: Any
    ) -> Any:
        first = {"key": "header", "value": {"summary": "change", **header}}
        body = b"".join(json.dumps(line).encode() + b"\n" for line in (first, *lines))
        return self(
            "POST",
            f"/api/{kind}/{id}/commit/{rev}",
            content=body,
            headers={"Content-Type": "application/x-ndjson"},
        )

    def put(self, id: str, files: Mapping[str, str], **more: Any) -> str:
        """Commit text files; the commit's id."""
        answer = self.commit(id, *(text_file(path, text) for path, text in files.items()), **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["commitOid"])


def text_file(path: str, text: str) -> dict[str, object]:
    return {"key": "file", "value": {"path": path, "content": text, "encoding": "utf-8"}}
