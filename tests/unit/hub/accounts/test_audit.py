from __future__ import annotations

from tests.unit.hub.accounts.people import signed_in

from zoco.adapters.db.engine import Database
from zoco.hub.accounts.audit import AuditQuery, list_events, record


def test_events_come_newest_first_in_pages_and_can_be_filtered(db: Database) -> None:
    ana = signed_in(db)
    with db.write() as write:
        for n in range(5):
            record(write, ana, "repo.create", f"ana/r{n}", "1.2.3.4", {"n": n})
        record(write, None, "repository.odd", "x")
        record(write, "otto", "repo.delete", "ana/r1")
    first = list_events(db, AuditQuery(action="repo"), limit=4)
    assert [e.subject for e in first.items] == ["ana/r1", "ana/r4", "ana/r3", "ana/r2"]
    rest = list_events(db, AuditQuery(action="repo"), cursor=first.next_cursor, limit=4)
    assert [e.subject for e in rest.items] == ["ana/r1", "ana/r0"]
    assert rest.next_cursor is None
    assert [e.actor for e in list_events(db, AuditQuery(subject="ana/r1")).items] == ["otto", "ana"]
    (one,) = list_events(db, AuditQuery(actor="ana", subject="ana/r4")).items
    assert (one.action, one.address, one.details) == ("repo.create", "1.2.3.4", {"n": 4})


def test_an_event_goes_with_its_change_or_not_at_all(db: Database) -> None:
    try:
        with db.write() as write:
            record(write, None, "x.y", "z")
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert list_events(db).items == ()


def test_a_made_up_cursor_is_the_beginning(db: Database) -> None:
    signed_in(db)
    for cursor in ("", "x", "-1", "٣"):
        assert len(list_events(db, cursor=cursor).items) == 1


def test_long_subjects_are_cut(db: Database) -> None:
    with db.write() as write:
        record(write, None, "x.y", "z" * 5000)
    assert len(list_events(db).items[0].subject) == 300
