"""The same questions to PostgreSQL, with the indexes that somebody who knows it would choose."""

from __future__ import annotations

import os
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg

from zoco.adapters.db.engine import Database
from zoco.core.ids import RepoType
from zoco.formats.cards.tags import TagKind
from zoco.hub.catalog import document_store
from zoco.hub.catalog.index.document import Number, tag_term
from zoco.hub.catalog.query import Query, Sort

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


class Peer:
    """Models only: one table with integer tags (GIN), names (trigrams) and an index for the order."""

    def __init__(self, url: str) -> None:
        self._at = psycopg.connect(url, autocommit=True)
        self._run("SET plan_cache_mode = force_custom_plan")
        self._run("SET max_parallel_workers_per_gather = 0")
        self._run("SET work_mem = '256MB'")
        self._ids: dict[str, int] = {}
        self._kinds: dict[int, TagKind] = {}
        self._words: dict[int, str] = {}

    def fill(self, db: Database) -> float:
        started = time.monotonic()
        self._run("CREATE EXTENSION pg_trgm")
        self._run("CREATE TABLE m (id bigint PRIMARY KEY, name text, open bool, tags int[], downloads bigint)")
        self._run("CREATE TABLE f (id bigint, kind smallint, tag int)")
        with db.read() as read, self._at.cursor() as cursor, cursor.copy("COPY m FROM STDIN") as copy:
            for row in self._rows(read):
                copy.write_row(row)
        self._run("CREATE INDEX ON m USING gin (tags)")
        self._run("CREATE INDEX ON m USING gin (name gin_trgm_ops)")
        self._run("CREATE INDEX ON m (downloads DESC, id DESC) WHERE open")
        self._run("CREATE TABLE t (tag int PRIMARY KEY, kind text)")
        with self._at.cursor() as cursor, cursor.copy("COPY t FROM STDIN") as copy:
            for tag, kind in self._kinds.items():
                copy.write_row((tag, kind.value))
        self._run("VACUUM ANALYZE")
        return time.monotonic() - started

    def _rows(self, read: Any) -> Iterator[tuple[Any, ...]]:
        for document in document_store.all_documents(read):
            if document.type is not RepoType.MODEL:
                continue
            tags = sorted({self._id(tag_term(tag), tag.kind) for tag in document.tags})
            numbers = document.numbers
            yield document.key, document.full_key, document.is_public, tags, numbers[Number.DOWNLOADS]

    def _id(self, term: str, kind: TagKind) -> int:
        number = self._ids.setdefault(term, len(self._ids))
        self._kinds.setdefault(number, kind)
        return number

    def compare_pages(self, asked: Sequence[Query], ours: Sequence[Any], times: Sequence[Any]) -> str:
        """Same keys in the same order, same totals; how the CPU of both compares. A text is not ranked here."""
        spent = []
        for query, found in zip(asked, ours, strict=False):
            where, values = self._where(query)
            order = "ORDER BY downloads DESC, id DESC" if query.sort is Sort.DOWNLOADS else ""
            page = f"SELECT id FROM m WHERE {where} {order} LIMIT {query.limit}"
            cpu, rows = self._timed(page, values)
            counting, totals = self._timed(f"SELECT count(*) FROM m WHERE {where}", values)
            spent.append(cpu + counting)
            total = totals[0][0]
            assert total == found.total, (query, total, found.total)
            if query.sort is Sort.DOWNLOADS:
                assert tuple(key for (key,) in rows) == found.keys, query
        return _ratio(times, spent)

    def compare_counts(
        self, asked: Sequence[Query], kinds: Sequence[TagKind], ours: Sequence[Any], times: Sequence[Any]
    ) -> str:
        spent = []
        for query, found in zip(asked, ours, strict=False):
            where, values = self._where(query)
            counted = f"SELECT u.tag, count(*) FROM m, unnest(m.tags) AS u(tag) WHERE {where} GROUP BY u.tag"
            chosen = f"SELECT c.tag, c.count FROM ({counted}) AS c JOIN t USING (tag) WHERE t.kind = ANY(%s)"
            cpu, rows = self._timed(chosen, [*values, [kind.value for kind in kinds]])
            spent.append(cpu)
            theirs = Counter({(self._kinds[tag], self._term(tag)): count for tag, count in rows})
            mine = {
                (kind, f"{kind.value}:{one.value.lower()}"): one.count
                for kind, values_ in zip(kinds, found, strict=True)
                for one in values_
            }
            assert mine == dict(theirs), query
        return _ratio(times, spent)

    def _term(self, tag: int) -> str:
        if not self._words:
            self._words = {number: term for term, number in self._ids.items()}
        return self._words[tag]

    def _where(self, query: Query) -> tuple[str, list[Any]]:
        parts, values = ["open"], []
        if query.tags:
            parts.append("tags @> %s::int[]")
            values.append([self._ids.get(tag_term(tag), -1) for tag in query.tags])
        for text in query.search:
            for word in text.split():
                parts.append("name LIKE %s")
                values.append(f"%{word}%")
        return " AND ".join(parts), values

    def _timed(self, statement: str, values: Sequence[Any]) -> tuple[float, list[Any]]:
        """Milliseconds of CPU: the back end's and this thread's."""
        before, mine = self._backend_ms(), time.thread_time()
        started = time.perf_counter()
        repeats = 0
        rows: list[Any] = []
        while time.perf_counter() - started < 0.3 or repeats < 1:  # the back end's clock ticks each 10 ms
            rows = self._run(statement, values)
            repeats += 1
        spent = self._backend_ms() - before + (time.thread_time() - mine) * 1000
        return spent / repeats, rows

    def _backend_ms(self) -> float:
        fields = Path(f"/proc/{self._at.info.backend_pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_MS

    def _run(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._at.cursor() as cursor:
            cursor.execute(statement, values or None)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []


def _ratio(times: Sequence[Any], theirs: Sequence[float]) -> str:
    ours = statistics.median(one[1] for one in times[: len(theirs)])
    peer = statistics.median(theirs)
    return f"  PostgreSQL CPU {peer:.2f} ({peer / max(ours, 0.001):.0f} times ours)"
