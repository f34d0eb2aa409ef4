from __future__ import annotations

import pytest
from tests.unit.hub.accounts.people import PASSWORD, token, user

from zoco.adapters.db.engine import Database
from zoco.core.access import Access
from zoco.core.errors import InvalidCredentials, RateLimited
from zoco.hub.accounts.authenticate import actor_from_basic
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.accounts.users import disable_user


def test_git_may_send_a_token_or_the_accounts_password(db: Database, limiter: RateLimiter) -> None:
    ana = user(db)
    secret = token(db, ana.id)
    for name in ("ana", "anything", ""):
        actor = actor_from_basic(db, limiter, name, secret, "1.2.3.4")
        assert (actor.name, actor.token_id is not None) == ("ana", True)
    actor = actor_from_basic(db, limiter, "ANA", PASSWORD, "1.2.3.4")
    assert (actor.name, actor.token_id, actor.limit) == ("ana", None, Access.ADMIN)


def test_every_wrong_pair_gets_the_same_answer(db: Database, limiter: RateLimiter) -> None:
    user(db)
    user(db, "closed")
    disable_user(db, None, "closed")
    for name, password in (("ana", "wrong"), ("nobody", PASSWORD), ("closed", PASSWORD), ("", ""), ("ana", "hf_x")):
        with pytest.raises(InvalidCredentials):
            actor_from_basic(db, limiter, name, password, "1.2.3.4")


def test_guessing_is_limited_but_tokens_go_on_working(db: Database, limiter: RateLimiter) -> None:
    ana = user(db)
    secret = token(db, ana.id)
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            actor_from_basic(db, limiter, "ana", "guess", "1.2.3.4")
    with pytest.raises(RateLimited):
        actor_from_basic(db, limiter, "ana", "guess", "1.2.3.4")
    assert actor_from_basic(db, limiter, "ana", secret, "1.2.3.4").name == "ana"
