"""Where does this process keep the index, and is it up to date? Looked at before every answer.

The truth is in the database. What was committed before a question was asked is in its answer, whichever process of
whichever node wrote it: the log of changes is read first. The files of the index are a cache that may be deleted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, RLock
from typing import Any, TypeVar

from zoco.adapters import logs
from zoco.adapters.db.changes import Change
from zoco.core.errors import Unavailable
from zoco.core.ids import RepoType
from zoco.hub.catalog import document_store, log_store
from zoco.hub.catalog.current_index import About, current
from zoco.hub.catalog.generations import Generation, empty_segment, open_generation
from zoco.hub.catalog.index.segment import Segment
from zoco.hub.catalog.index.text import TextSearch
from zoco.hub.catalog.index.typed_index import Changed, TypedIndex
from zoco.hub.catalog.log_store import LogEnds
from zoco.hub.repos.storage import RepoStorage

STRAIGHT_MAX = 10_000
"""Repositories that a process reads itself when there is no segment; for more it waits for one to be written."""

ANSWERS_KEPT = 64
"""A set of documents among them takes up to a quarter of a megabyte at two million."""

T = TypeVar("T")


class NotReady(Unavailable):
    """The index is being built."""

    def __init__(self) -> None:
        super().__init__("The catalogue of this Hub is being built. Downloads and uploads work; try again in a minute.")


@dataclass(frozen=True, slots=True)
class Indexed:
    """One type of repository."""

    index: TypedIndex
    texts: TextSearch


@dataclass(frozen=True, slots=True)
class View:
    """What an answer is made from; valid while the lock is held."""

    types: Mapping[RepoType, Indexed]
    seq: int
    numbers_seq: int
    answers: OrderedDict[Hashable, Any]  # Any: what questions about this state were answered

    def answer(self, question: Hashable, work: Callable[[], T]) -> T:
        """As it was answered before about this state, or worked out now."""
        if question not in self.answers:
            self.answers[question] = work()
            if len(self.answers) > ANSWERS_KEPT:
                self.answers.popitem(last=False)
        found: T = self.answers[question]
        return found


class Catalogue:
    """One for each process. Threads take turns; nothing waits for anything while it has its turn."""

    def __init__(self, storage: RepoStorage, folder: Path | None = None) -> None:
        """`folder` is where segments are kept; None: everything stays in memory."""
        self.storage = storage
        self._db = storage.db
        self._folder = folder
        self._lock = RLock()
        self._catching_up = Lock()
        self._generation: str | None = None
        self._unfit: str | None = None
        self._view: View | None = None

    @contextmanager
    def view(self) -> Iterator[View]:
        """As of now. Raises NotReady, Unavailable."""
        self._catch_up()
        with self._lock:
            assert self._view is not None
            yield self._view

    def _catch_up(self) -> None:
        with self._db.read() as read:
            newest = log_store.newest(read)
        if self._is_current(newest):
            return
        with self._catching_up:  # the second thread finds the work done
            if not self._is_current(newest):
                self._advance()

    def _is_current(self, newest: int) -> bool:
        view = self._view
        return view is not None and view.seq >= newest and not self._is_superseded()

    def _is_superseded(self) -> bool:
        """Whether there is a newer generation than the one in use, and it was not found unfit."""
        name = current(self._folder) if self._folder else None
        return name is not None and name not in (self._generation, self._unfit)

    def _advance(self) -> None:
        with self._db.read() as read:
            ends = log_store.log_ends(read)
        view = self._view
        if view is not None and ends.oldest - 1 > view.seq:
            view = None  # the log no longer tells all that happened since
        if view is None or self._is_superseded():
            generation = self._newest_generation(ends)
            if generation is not None:
                self._generation = generation.name
                view = _view_of(generation.segments, generation.about)
        if view is not None:
            self._replay(view)
        else:
            self._generation = None
            self._replay(_view_of({type: empty_segment() for type in RepoType}, About(0, 0, 0)), whole=True)

    def _newest_generation(self, ends: LogEnds) -> Generation | None:
        """None when there is none, or it does not fit the database: a restored backup knows less than its index did."""
        name = current(self._folder) if self._folder else None
        generation = open_generation(self._folder, self._db) if self._folder and name else None
        if generation is not None and ends.oldest - 1 <= generation.about.seq <= ends.newest:
            return generation
        if name is not None:
            logs.warning("catalogue_unfit", generation=name, oldest=ends.oldest, newest=ends.newest)
            self._unfit = name
        return None

    def _replay(self, view: View, *, whole: bool = False) -> None:
        """Reads what the log holds after `view.seq`, or every repository, and makes the result the view."""
        with self._db.read() as read:
            newest = log_store.newest(read)  # before the rest: what comes later is read twice, never missed
            if whole:
                if self._folder and document_store.count_repos(read, STRAIGHT_MAX + 1) > STRAIGHT_MAX:
                    raise NotReady
                found = list(document_store.all_documents(read))
                changes = dict.fromkeys((one.key for one in found), Change.DOCUMENT)
                documents = {one.key: one for one in found}
            else:
                changes = log_store.changed_since(read, view.seq, view.numbers_seq)
                documents = document_store.documents_of(read, list(changes))
        with self._lock:
            for type, indexed in view.types.items():
                indexed.index.apply(
                    Changed(key, document, kind is Change.NUMBERS)
                    for key, kind in changes.items()
                    if (document := documents.get(key)) is None or document.type is type
                )
            self._view = View(view.types, newest, newest, OrderedDict())


def _view_of(segments: Mapping[RepoType, Segment], about: About) -> View:
    types = {}
    for type, segment in segments.items():
        index = TypedIndex(segment)
        types[type] = Indexed(index, TextSearch(index))
    return View(types, about.seq, about.numbers_seq, OrderedDict())
