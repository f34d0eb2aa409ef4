"""Does asking for this file count as a download of its repository?

A model's library says which of its files are asked for once in each download; any file of a dataset counts, none of a
Space. Each request for a file asks, so the answer for a model costs one read of its card for each version of it.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from zoco.adapters.db.engine import Database
from zoco.core.ids import RepoType
from zoco.core.repos import ReadableRepo
from zoco.formats.cards.download_rules import Rule, query_files
from zoco.hub.cards import store

KNOWN_MAX = 10_000

_known: OrderedDict[str, tuple[int, Rule]] = OrderedDict()
"""Repository (its public id) -> the version whose card was read, and its rule; the one asked for longest ago first.

A card that is read again at the same version, because the rules of reading changed, is looked at with the next one.
"""
_lock = Lock()


def counts_as_download(db: Database, repo: ReadableRepo, path: str) -> bool:
    match repo.id.type:
        case RepoType.MODEL:
            return _rule_of(db, repo)(path)
        case RepoType.DATASET:
            return True
        case RepoType.SPACE:
            return False


def _rule_of(db: Database, repo: ReadableRepo) -> Rule:
    with _lock:
        known = _known.get(repo.public_id)
        if known is not None and known[0] == repo.version:
            _known.move_to_end(repo.public_id)
            return known[1]
    with db.read() as read:
        rule = query_files(store.library_of(read, repo.key))
    with _lock:
        _known[repo.public_id] = (repo.version, rule)
        _known.move_to_end(repo.public_id)
        if len(_known) > KNOWN_MAX:
            _known.popitem(last=False)
    return rule
