"""What the LFS measurements share: a repository, a hash, the addresses of a batch."""

from __future__ import annotations

import hashlib
from pathlib import Path

import httpx
from tests.running import Person, Server


def new_repo(server: Server, person: Person, name: str) -> str:
    made = httpx.post(f"{server.url}/api/repos/create", json={"name": name}, headers=_bearer(person))
    made.raise_for_status()
    return f"{person.name}/{name}"


def announced(server: Server, person: Person, repo: str, operation: str, sha256: str, size: int) -> str:
    """The signed address to send the object to, or to fetch it from."""
    asked = {"operation": operation, "objects": [{"oid": sha256, "size": size}]}
    answer = httpx.post(f"{server.url}/{repo}.git/info/lfs/objects/batch", json=asked, headers=_bearer(person))
    answer.raise_for_status()
    return str(answer.json()["objects"][0]["actions"][operation]["href"])


def sha256_of(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}
