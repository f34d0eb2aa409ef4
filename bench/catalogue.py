"""The catalogue at the size of a campus and of the largest hub: pages, counts, text, freshness, memory, start.

`BENCH_CATALOGUE=hub` takes two million models, 500,000 datasets and 500,000 Spaces (about 15 minutes to make, 6 GB);
the default is a campus of 30,000 models. `BENCH_FOLDER` keeps what was made for the next run. The peer is PostgreSQL
with GIN over integer tags, trigrams over names and an index for the order, planned afresh for each query
(`plan_cache_mode = force_custom_plan`): every answer is compared with its answer. CPU is what is compared; ours is
this thread's, theirs the back end's and the client's.
"""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.catalogue_peer import Peer
from bench.made_catalogue import CAMPUS, DAY_MS, HUB, Size, load
from bench.report import percentiles
from tests.running import Server
from tests.services import start_postgres

from zoco.adapters.blobs.folder import FolderBlobStore
from zoco.adapters.db import changes
from zoco.adapters.db.engine import Database, open_sqlite
from zoco.adapters.db.migrate import migrate
from zoco.adapters.db.tables import job, repo
from zoco.adapters.git.cache import GitCache
from zoco.assembly import gc_rules, schedule
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import Tag, TagKind
from zoco.hub.catalog.catalogue import Catalogue
from zoco.hub.catalog.current_index import CATALOGUE, current
from zoco.hub.catalog.document_store import documents_of
from zoco.hub.catalog.facets import FacetValue, count_sizes, count_values
from zoco.hub.catalog.generations import build, refresh_numbers
from zoco.hub.catalog.listing import found_in
from zoco.hub.catalog.lists import did_you_mean
from zoco.hub.catalog.query import Query, Sort
from zoco.hub.repos.storage import Limits, RepoStorage
from zoco.hub.xet.xorbs import Xet
from zoco.jobs.queue import ensure_scheduled
from zoco.settings import load as load_settings

SIZES: dict[str, Size] = {"campus": CAMPUS, "hub": HUB}
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 40))
PEER_ROUNDS = int(os.environ.get("BENCH_PEER_ROUNDS", 5))
FACETS = (TagKind.TASK, TagKind.LIBRARY, TagKind.LANGUAGE, TagKind.LICENSE)
MODEL = RepoType.MODEL
EN, TOKENS = Tag(TagKind.LANGUAGE, "en"), Tag(TagKind.TASK, "token-classification")


def main() -> None:
    name = os.environ.get("BENCH_CATALOGUE", "campus")
    with ExitStack() as stack:
        kept = os.environ.get("BENCH_FOLDER")
        folder = Path(kept or stack.enter_context(tempfile.TemporaryDirectory(prefix="zoco-bench-")))
        db = _made(folder / name, SIZES[name])
        storage = storage_of(folder / name, db)
        print(f"{name}: {SIZES[name]}; load {os.getloadavg()[0]:.1f}")
        _start(storage, folder / name)
        catalogue = Catalogue(storage, folder / name / CATALOGUE)
        queries = _queries(catalogue)
        _memory(catalogue, queries)
        peer = stack.enter_context(_peer(db)) if os.environ.get("BENCH_PEER", "1") != "0" else None
        _pages(catalogue, queries, peer)
        _counts(catalogue, queries, peer)
        _fresh(catalogue)
        _http(folder / name)


def _made(folder: Path, size: Size) -> Database:
    folder.mkdir(parents=True, exist_ok=True)
    is_there = (folder / "zoco.db").exists()
    db = open_sqlite(folder / "zoco.db")
    if not is_there:
        migrate(db)
        print(f"made in {load(db, size):.0f} s")
        _put_off_jobs(folder, db)
    if current(folder / CATALOGUE) is None:
        started, cpu = time.monotonic(), time.process_time()
        build(db, folder / CATALOGUE)
        print(f"index written in {time.monotonic() - started:.0f} s, CPU {time.process_time() - cpu:.0f} s")
        started = time.monotonic()
        refresh_numbers(db, folder / CATALOGUE)
        print(f"numbers refreshed in {time.monotonic() - started:.0f} s")
        used = sum(file.stat().st_size for file in (folder / CATALOGUE).rglob("*") if file.is_file())
        print(f"index on disk {used / 1e6:.0f} MB")
    return db


def _put_off_jobs(folder: Path, db: Database) -> None:
    """The schedule would find no downloads behind the made numbers, and rewrite them while we measure."""
    settings = load_settings(folder)
    tasks = schedule(storage_of(folder, db), gc_rules(settings))
    ensure_scheduled(db, [task.name for task in tasks if not task.on_each_node])
    with db.write() as write:
        write.execute(job.update().values(run_at=job.c.run_at + 10 * DAY_MS))


def storage_of(folder: Path, db: Database) -> RepoStorage:
    blobs = FolderBlobStore(folder / "blobs", folder / "scratch")
    limits = Limits(10**6, 10**6, 10**6, 50, 1000)
    return RepoStorage(db, blobs, GitCache(folder / "cache", blobs, 10**9), limits, Xet(db, blobs))


def _start(storage: RepoStorage, folder: Path) -> None:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        with Catalogue(storage, folder / CATALOGUE).view():
            times.append((time.perf_counter() - started) * 1000)
    print(f"start with an existing index: {percentiles(times)}")


def _queries(catalogue: Catalogue) -> dict[str, list[Query]]:
    """Filters are those of repositories that exist, so that no question is empty."""
    rng = random.Random(1)
    with catalogue.view() as view:
        segment = view.types[MODEL].index.segment
        keys = [int(segment.keys[rng.randrange(segment.size)]) for _ in range(400)]
    with catalogue.storage.db.read() as read:
        documents = list(documents_of(read, keys).values())

    def some(*kinds: TagKind) -> list[Query]:
        found = []
        for document in documents:
            tags = [next((tag for tag in document.tags if tag.kind is kind), None) for kind in kinds]
            if all(tags):
                found.append(Query(MODEL, tags=tuple(tag for tag in tags if tag), sort=Sort.DOWNLOADS))
        return found[:ROUNDS]

    texts = ("bert", "spanish", "llama-3", "sentiment base", "clip large", "gguf", "medical", "o1/", "qwen2 chat", "7b")
    return {
        "no filter": [Query(MODEL, sort=Sort.DOWNLOADS)] * ROUNDS,
        "task + language": some(TagKind.TASK, TagKind.LANGUAGE),
        "task + library + language + licence": some(*FACETS),
        "a rare tag": some(TagKind.BASE_MODEL),
        "text": [Query(MODEL, search=(text,)) for text in texts] * (ROUNDS // len(texts)),
        "text + task": [replace(one, search=("bert",)) for one in some(TagKind.TASK)],
        "page 1000": [Query(MODEL, sort=Sort.DOWNLOADS, skip=30_000)] * ROUNDS,
    }


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Milliseconds on the clock and of this thread's CPU, and what came of it."""
    wall, cpu = time.perf_counter(), time.thread_time()
    found = work()
    return (time.perf_counter() - wall) * 1000, (time.thread_time() - cpu) * 1000, found


def _pages(catalogue: Catalogue, queries: dict[str, list[Query]], peer: Peer | None) -> None:
    print("\npages of 30 (ms; CPU in the index)")
    for name, asked in queries.items():
        found = []
        for query in asked:
            with catalogue.view() as view:
                view.answers.clear()
                found.append(timed(partial(found_in, view, query, None)))
        line = f"{name:<40} CPU {percentiles([one[1] for one in found])}  wall {percentiles([one[0] for one in found])}"
        if peer is not None and name != "page 1000":
            line += peer.compare_pages(asked[:PEER_ROUNDS], [one[2] for one in found], found)
        print(line, flush=True)


def _counts(catalogue: Catalogue, queries: dict[str, list[Query]], peer: Peer | None) -> None:
    print("\nfour facets (ms; CPU)")
    asked = {
        "no filter": [Query(MODEL)] * 5,
        "token-classification": [Query(MODEL, tags=(TOKENS,))] * 5,
        "transformers": [Query(MODEL, tags=(Tag(TagKind.LIBRARY, "transformers"),))] * 5,
        "token-classification + en": [Query(MODEL, tags=(TOKENS, EN))] * 5,
        "task + language": queries["task + language"],
        "text bert": [Query(MODEL, search=("bert",))] * 5,
    }
    for name, list_ in asked.items():
        found = []
        for query in list_:
            with catalogue.view() as view:
                view.answers.clear()
            found.append(timed(partial(_facets, catalogue, query)))
        line = f"{name:<40} CPU {percentiles([one[1] for one in found])}  wall {percentiles([one[0] for one in found])}"
        if peer is not None:
            line += peer.compare_counts(list_[:PEER_ROUNDS], FACETS, [one[2] for one in found], found)
        print(line, flush=True)
    one = timed(lambda: count_values(catalogue, None, Query(MODEL), TagKind.OTHER))
    print(f"{'free tags, no filter':<40} CPU {one[1]:.2f}")
    one = timed(lambda: count_sizes(catalogue, None, Query(MODEL, tags=(TOKENS,))))
    print(f"{'sizes of token-classification':<40} CPU {one[1]:.2f}")
    one = timed(lambda: did_you_mean(catalogue, MODEL, "berrt sentimant"))
    print(f"{'did you mean':<40} CPU {one[1]:.2f}  {one[2]!r}")


def _facets(catalogue: Catalogue, query: Query) -> list[tuple[FacetValue, ...]]:
    return [count_values(catalogue, None, query, kind) for kind in FACETS]


def _fresh(catalogue: Catalogue) -> None:
    """A like and the next page that shows it; then the check alone."""
    db, times, checks = catalogue.storage.db, [], []
    query = Query(MODEL, tags=(TOKENS, EN), sort=Sort.LIKES)
    with catalogue.view() as view:
        key = found_in(view, query, None).keys[0]
    for turn in range(ROUNDS):
        with db.write() as write:
            write.execute(repo.update().where(repo.c.id == key).values(likes=10**7 + turn))
            changes.note(write, [key])

        def answer() -> int:
            with catalogue.view() as view:
                return found_in(view, query, None).keys[0]

        wall, _, first = timed(answer)
        assert first == key
        times.append(wall)
        checks.append(timed(lambda: nothing_new(catalogue))[0])
    print(f"\nwrite, then the page that shows it: {percentiles(times)}  nothing new: {percentiles(checks)}")


def nothing_new(catalogue: Catalogue) -> None:
    with catalogue.view():
        pass


def _memory(catalogue: Catalogue, queries: dict[str, list[Query]]) -> None:
    before = private_mb(os.getpid())
    for asked in queries.values():
        for query in asked:
            with catalogue.view() as view:
                found_in(view, query, None)
            for kind in FACETS:
                count_values(catalogue, None, query, kind)
    print(f"private memory: {before:.0f} MB before the questions, {private_mb(os.getpid()):.0f} MB after")


def _http(folder: Path) -> None:
    server = Server(folder, {"log_level": "warning", "rate_limit_api": "0", "rate_limit_pages": "0", "workers": "1"})
    server.start()
    paths = {
        "API, task + language": "/api/models?filter=token-classification&filter=es&limit=30",
        "API, no filter": "/api/models?limit=30",
        "page, task + language": "/models?pipeline_tag=token-classification&language=es",
        "page, no filter": "/models",
    }
    try:
        print("\nwhole answers over HTTP, one client (ms)")
        for name, path in paths.items():

            def get(path: str = path) -> int:
                asked = urllib.request.Request(server.url + path, headers={"Accept": "text/html"})
                with urllib.request.urlopen(asked) as answer:
                    return len(answer.read())

            for _ in range(5):
                get()
            print(f"{name:<40} {percentiles([timed(get)[0] for _ in range(ROUNDS)])}", flush=True)
        found = subprocess.run(["pgrep", "-g", str(server.group)], capture_output=True, text=True, check=True)
        for pid in found.stdout.split():
            command = (Path("/proc") / pid / "cmdline").read_text().split("\0")
            print(f"private memory of {' '.join(command[2:4])}: {private_mb(pid):.0f} MB")
    finally:
        server.stop()


@contextmanager
def _peer(db: Database) -> Iterator[Peer]:
    with tempfile.TemporaryDirectory(prefix="zoco-postgres-") as folder, start_postgres(Path(folder)) as server:
        peer = Peer(server.fresh_database())
        print(f"PostgreSQL filled and indexed in {peer.fill(db):.0f} s", flush=True)
        yield peer


def private_mb(pid: int | str) -> float:
    """Memory that is a process's own. Clean pages of mapped files are not: other workers share them."""
    lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty")) / 1024


if __name__ == "__main__":
    main()
