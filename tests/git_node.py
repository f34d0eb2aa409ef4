"""A node of the Hub without its web server: storage, and git's protocol over HTTP for the real git to talk to."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import insert, select

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.blobs.port import BlobStore
from zoco.adapters.clock import fresh_public_id, now_ms
from zoco.adapters.db.engine import Database, open_sqlite
from zoco.adapters.db.tables import metadata, namespace, repo, user
from zoco.adapters.git.cache import GitCache
from zoco.core.access import Actor, Role
from zoco.core.errors import HubError
from zoco.core.ids import RepoId, RepoType
from zoco.core.repos import WritableRepo
from zoco.hub.repos.fetch import advertise, upload_pack
from zoco.hub.repos.open import open_for_writing
from zoco.hub.repos.push import Push
from zoco.hub.repos.storage import Limits, RepoStorage
from zoco.hub.xet.xorbs import Xet

LIMITS = Limits(
    regular_file_size_max_bytes=100_000,
    commit_size_max_bytes=10_000_000,
    push_size_max_bytes=50_000_000,
    packs_before_consolidation=50,
    gc_grace_ms=0,
)
WHO = {"GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.org"}
WHO |= {"GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@example.org"}
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    **WHO,
}


def git(
    at: Path, *words: str, check: bool = True, stdin: str | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["git", *words], cwd=at, env={**ENVIRONMENT, **more}, input=stdin, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(words)} failed:\n{done.stdout}\n{done.stderr}")
    return done


def out(at: Path, *words: str) -> str:
    return git(at, *words).stdout.strip()


@dataclass
class Node:
    """`url` ends without a slash; repositories are below it as `<name>.git`."""

    storage: RepoStorage
    actor: Actor
    url: str = ""

    def add_repo(self, name: str) -> str:
        """Its address."""
        now = now_ms()
        with self.storage.db.write() as write:
            write.execute(
                insert(repo).values(
                    public_id=fresh_public_id(),
                    type="model",
                    namespace_id=self.actor.user_id,
                    name=name,
                    name_key=name.lower(),
                    visibility="public",
                    creator_id=self.actor.user_id,
                    created_at=now,
                    updated_at=now,
                )
            )
        return f"{self.url}/{name}.git"

    def open(self, name: str) -> WritableRepo:
        return open_for_writing(self.storage, RepoId(RepoType.MODEL, "ana", name), self.actor)


def make_node(folder: Path, db: Database | None = None, blobs: BlobStore | None = None, **limits: int) -> Node:
    """With its own cache; `db` and `blobs` may be another node's."""
    db = db or open_sqlite(folder / "zoco.db")
    blobs = blobs or FolderBlobStore(folder / "store", folder / "scratch")
    cache = GitCache(folder / "cache", blobs, 10**9)
    chosen = Limits(**{name: getattr(LIMITS, name) for name in LIMITS.__slots__} | limits)
    metadata.create_all(db.engine)
    with db.write() as write:
        if not write.execute(select(user.c.id)).first():
            values = {"id": 1, "public_id": "a" * 24, "name": "ana", "name_key": "ana", "kind": "user", "created_at": 0}
            write.execute(insert(namespace).values(values))
            write.execute(insert(user).values(id=1))
    return Node(RepoStorage(db, blobs, cache, chosen, Xet(db, blobs)), Actor(1, "ana", {"ana": Role.ADMIN}))


@contextmanager
def serve(node: Node) -> Iterator[Node]:
    class Handler(_Handler):
        its = node

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    node.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield node
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    its: Node
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        service = parse_qs(urlsplit(self.path).query)["service"][0]
        chunks = advertise(self.its.storage, self._repo(), service, self.headers.get("Git-Protocol", ""))
        self._answer(f"application/x-{service}-advertisement", b"".join(chunks))

    def do_POST(self) -> None:
        body = self._body()
        if self.path.endswith("git-upload-pack"):
            said = b"".join(upload_pack(self.its.storage, self._repo(), body, self.headers.get("Git-Protocol", "")))
            self._answer("application/x-git-upload-pack-result", said)
            return
        push = Push(self.its.storage, self._repo(), self.its.actor)
        for at in range(0, len(body), 10_000):
            push.feed(body[at : at + 10_000])
        try:
            report = push.finish()
        except HubError as error:
            self.send_error(503, error.message)
            return
        self._answer("application/x-git-receive-pack-result", report)

    def _repo(self) -> WritableRepo:
        return self.its.open(self.path.split("/")[1].removesuffix(".git"))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            data = b"".join(parts)
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def commit_files(at: Path, files: dict[str, str], message: str = "change") -> str:
    for name, text in files.items():
        (at / name).parent.mkdir(parents=True, exist_ok=True)
        (at / name).write_text(text)
    git(at, "add", "-A")
    git(at, "commit", "-qm", message)
    return out(at, "rev-parse", "HEAD")


def clone(url: str, to: Path, *words: str) -> Path:
    git(to.parent, "clone", "-q", *words, url, str(to))
    return to


def fsck(at: Path) -> Sequence[str]:
    return git(at, "fsck", "--full", "--strict").stdout.splitlines()


def main(folder: Path) -> None:
    """A node in a process of its own, which a failpoint may kill: tells its address and serves until stdin closes."""
    db = open_sqlite(folder / "zoco.db")
    with serve(make_node(folder, db)) as node:
        print(node.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
