from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

from zoco.adapters.db.engine import Database
from zoco.hub.xet.instance import begin_anew, bump_generation, cas_segment


def test_the_address_stays_until_the_generation_rises(db: Database) -> None:
    first = cas_segment(db)
    assert re.fullmatch(r"[0-9a-f]{10}-1", first)
    assert cas_segment(db) == first
    with db.write() as write:
        assert bump_generation(write) == 2
    assert cas_segment(db) == f"{first.removesuffix('-1')}-2"


def test_a_hub_that_begins_anew_takes_a_name_it_never_had(db: Database) -> None:
    """After a restore from an older backup the next generations were given out already."""
    first = cas_segment(db)
    with db.write() as write:
        name = begin_anew(write)
    assert cas_segment(db) == f"{name}-1" != first


def test_a_generation_may_rise_before_anybody_asked_for_it(db: Database) -> None:
    with db.write() as write:
        assert bump_generation(write) == 2
    assert cas_segment(db).endswith("-2")


def test_all_who_ask_first_at_once_hear_the_same_name(db: Database) -> None:
    start = threading.Barrier(4)

    def ask(_number: int) -> str:
        start.wait(30)
        return cas_segment(db)

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, range(4)))) == 1
