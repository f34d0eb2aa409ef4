from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from tests.unit.hub.accounts.people import signed_in, token

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.access import Access
from zoco.core.errors import Denied, InvalidCredentials, NotFound
from zoco.hub.accounts import oauth
from zoco.hub.accounts.authenticate import actor_from_token
from zoco.hub.accounts.oauth import (
    Issued,
    OAuthError,
    answer_device,
    pending_device,
    poll_device,
    refresh,
    start_device,
)
from zoco.hub.accounts.store import devices, tokens
from zoco.hub.accounts.sweep import sweep
from zoco.hub.accounts.tokens import delete_token, list_tokens, refresh_token
from zoco.hub.accounts.users import disable_user
from zoco.hub.accounts.whoami import whoami

HF = "26be6b09-91c5-47da-9861-d2d2bb7a7e36"


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead_ms = 0
        for module in (oauth, devices, tokens, "zoco.hub.accounts.sweep"):
            name = module if isinstance(module, str) else module.__name__
            monkeypatch.setattr(f"{name}.now_ms", lambda: now_ms() + self.ahead_ms)

    def wait_s(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def refused(attempt: Callable[[], object]) -> str | None:
    with pytest.raises(OAuthError) as caught:
        attempt()
    return caught.value.code


def logged_in(db: Database, scope: str = "") -> Issued:
    ana = signed_in(db)
    started = start_device(db, HF, scope)
    answer_device(db, ana, started.user_code, approve=True)
    return poll_device(db, HF, started.device_code)


def test_the_flow_of_hf_auth_login(db: Database, clock: Clock) -> None:
    ana = signed_in(db)
    started = start_device(db, HF)
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", started.user_code)
    assert (started.interval_s, started.expires_in_s) == (5, 900)
    assert refused(lambda: poll_device(db, HF, started.device_code)) == "authorization_pending"
    clock.wait_s(5)
    asked = pending_device(db, started.user_code.lower().replace("-", " "))
    assert (asked.client_name, asked.access) == ("hf auth login", Access.ADMIN)
    answer_device(db, ana, started.user_code, approve=True)
    issued = poll_device(db, HF, started.device_code)
    actor = actor_from_token(db, issued.access_token)
    assert (actor.name, actor.limit) == ("ana", Access.ADMIN)
    me = whoami(db, actor)
    assert me.token and (me.token.kind, me.token.name) == ("oauth", "hf auth login")
    assert refused(lambda: poll_device(db, HF, started.device_code)) == "invalid_grant"


def test_who_asks_too_often_is_told_to_slow_down(db: Database, clock: Clock) -> None:
    started = start_device(db, HF)
    poll = lambda: refused(lambda: poll_device(db, HF, started.device_code))  # noqa: E731 - said often
    assert poll() == "authorization_pending"
    clock.wait_s(1)
    assert poll() == "slow_down"
    clock.wait_s(5)
    assert poll() == "authorization_pending"


def test_a_refusal_is_told_once_and_for_all(db: Database, clock: Clock) -> None:
    ana = signed_in(db)
    started = start_device(db, HF)
    answer_device(db, ana, started.user_code, approve=False)
    assert refused(lambda: poll_device(db, HF, started.device_code)) == "access_denied"
    with pytest.raises(NotFound):
        answer_device(db, ana, started.user_code, approve=True)
    assert refused(lambda: poll_device(db, HF, started.device_code)) == "invalid_grant"
    assert list_tokens(db, ana.user_id) == []


def test_a_code_that_nobody_confirms_expires(db: Database, clock: Clock) -> None:
    ana = signed_in(db)
    started = start_device(db, HF)
    clock.wait_s(901)
    with pytest.raises(NotFound):
        pending_device(db, started.user_code)
    with pytest.raises(NotFound):
        answer_device(db, ana, started.user_code, approve=True)
    assert refused(lambda: poll_device(db, HF, started.device_code)) == "expired_token"
    clock.wait_s(2 * 86_400)
    sweep(db)
    with db.read() as read:
        assert devices.count(read) == 0


def test_consent_expires_with_the_code(db: Database, clock: Clock) -> None:
    ana = signed_in(db)
    started = start_device(db, HF)
    answer_device(db, ana, started.user_code, approve=True)
    clock.wait_s(901)
    assert refused(lambda: poll_device(db, HF, started.device_code)) == "expired_token"


def test_of_two_polls_at_once_one_gets_the_tokens(db: Database) -> None:
    ana = signed_in(db)
    started = start_device(db, HF)
    answer_device(db, ana, started.user_code, approve=True)
    ready = threading.Barrier(2)
    outcomes: list[object] = []

    def poll() -> None:
        ready.wait()
        try:
            outcomes.append(poll_device(db, HF, started.device_code))
        except OAuthError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=poll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(isinstance(one, Issued) for one in outcomes) == [False, True]
    assert "invalid_grant" in outcomes
    assert len(list_tokens(db, ana.user_id)) == 1


def test_a_token_cannot_consent_to_another_token(db: Database) -> None:
    """Else a read token could be traded for one that writes."""
    ana = signed_in(db)
    started = start_device(db, HF)
    with pytest.raises(Denied):
        answer_device(db, actor_from_token(db, token(db, ana.user_id)), started.user_code, approve=True)


def test_unknown_programs_codes_and_scopes_are_refused(db: Database) -> None:
    assert refused(lambda: start_device(db, "someone-else")) == "invalid_client"
    assert refused(lambda: poll_device(db, "someone-else", "x")) == "invalid_client"
    assert refused(lambda: poll_device(db, HF, "made up")) == "invalid_grant"
    assert refused(lambda: refresh(db, HF, "made up \ud800")) == "invalid_grant"
    assert refused(lambda: start_device(db, HF, "x" * 5000)) == "invalid_scope"
    assert refused(lambda: start_device(db, HF, "a\0b")) == "invalid_scope"
    for typed in ("", "ABCD-EFGH", "ñ", "\0", "BCDF-GHJK"):
        with pytest.raises(NotFound):
            pending_device(db, typed)


def test_a_refresh_token_is_good_once_and_opens_nothing_itself(db: Database) -> None:
    first = logged_in(db)
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, first.refresh_token)
    second = refresh(db, HF, first.refresh_token)
    assert refused(lambda: refresh(db, HF, first.refresh_token)) == "invalid_grant"
    assert actor_from_token(db, second.access_token).name == "ana"
    assert actor_from_token(db, first.access_token).name == "ana", "a program may still be using it"
    assert refresh(db, HF, second.refresh_token).access_token != second.access_token


def test_access_ends_after_a_month_and_the_sign_in_after_half_a_year(db: Database, clock: Clock) -> None:
    issued = logged_in(db)
    clock.wait_s(issued.expires_in_s + 1)
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, issued.access_token)
    renewed = refresh(db, HF, issued.refresh_token)
    clock.wait_s(181 * 86_400)
    assert refused(lambda: refresh(db, HF, renewed.refresh_token)) == "invalid_grant"


def test_deleting_the_sign_in_ends_all_its_tokens(db: Database) -> None:
    first = logged_in(db)
    second = refresh(db, HF, first.refresh_token)
    actor = actor_from_token(db, second.access_token)
    shown = list_tokens(db, actor.user_id)[0]
    delete_token(db, actor.user_id, shown.id)
    for secret in (first.access_token, second.access_token):
        with pytest.raises(InvalidCredentials):
            actor_from_token(db, secret)
    assert refused(lambda: refresh(db, HF, second.refresh_token)) == "invalid_grant"


def test_a_closed_account_is_not_refreshed(db: Database) -> None:
    issued = logged_in(db)
    disable_user(db, None, "ana")
    assert refused(lambda: refresh(db, HF, issued.refresh_token)) == "invalid_grant"


def test_a_sign_in_by_browser_has_no_secret_to_renew_by_hand(db: Database) -> None:
    actor = actor_from_token(db, logged_in(db).access_token)
    with pytest.raises(Exception, match="renews itself"):
        refresh_token(db, actor.user_id, actor.token_id or 0)


@pytest.mark.parametrize(
    ("scope", "limit", "everywhere"),
    [
        ("manage-repos openid", Access.ADMIN, None),
        ("openid write-repos", Access.ADMIN, Access.WRITE),
        ("read-repos", Access.READ, None),
        ("openid profile", Access.ADMIN, Access.NONE),
    ],
)
def test_a_scope_says_what_the_tokens_may(db: Database, scope: str, limit: Access, everywhere: Access | None) -> None:
    actor = actor_from_token(db, logged_in(db, scope).access_token)
    assert actor.limit is limit
    assert (actor.grants.everywhere if actor.grants else None) is everywhere
