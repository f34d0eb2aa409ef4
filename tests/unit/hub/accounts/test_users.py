from __future__ import annotations

import pytest
from tests.unit.hub.accounts.people import PASSWORD, repository, signed_in, token, user

from zoco.adapters.db.engine import Database
from zoco.core.access import Role
from zoco.core.errors import AlreadyExists, Conflict, Denied, Invalid, InvalidCredentials, NotFound, RateLimited
from zoco.hub.accounts import passwords
from zoco.hub.accounts.audit import AuditQuery, list_events
from zoco.hub.accounts.authenticate import actor_from_token
from zoco.hub.accounts.limits import RateLimiter
from zoco.hub.accounts.orgs import create_org, list_members, set_member
from zoco.hub.accounts.sessions import list_sessions, start_session
from zoco.hub.accounts.users import (
    change_password,
    check_password,
    create_user,
    delete_user,
    disable_user,
    enable_user,
    find_user,
    get_user,
    list_users,
    set_admin,
    update_profile,
)


def test_a_user_is_found_in_any_case_and_shown_as_written(db: Database) -> None:
    create_user(db, "Ana_María".replace("í", "i"), full_name="Ana María", email="Ana@Example.org")
    found = get_user(db, "ANA_MARIA")
    assert (found.name, found.full_name, found.email) == ("Ana_Maria", "Ana María", "Ana@Example.org")


@pytest.mark.parametrize(
    "name",
    ["", "a b", "-a", "a-", "a--b", "a..b", ".a", "x" * 97, "añ", "a/b", "a\0b", "\ud800", "settings", "API", "x.git"],
)
def test_a_wrong_name_is_refused_with_the_reason(db: Database, name: str) -> None:
    with pytest.raises(Invalid, match="cannot be a user's name"):
        create_user(db, name)
    assert list_users(db) == []


def test_leading_underscores_are_allowed(db: Database) -> None:
    assert create_user(db, "_ana").name == "_ana"


def test_users_organisations_and_cases_share_one_space_of_names(db: Database) -> None:
    user(db, "Ana")
    create_org(db, None, "acme")
    for taken in ("ana", "ANA", "Acme"):
        with pytest.raises(AlreadyExists, match="taken"):
            create_user(db, taken)
    with pytest.raises(AlreadyExists, match="a user"):
        create_org(db, None, "ana")


def test_an_address_belongs_to_one_account(db: Database) -> None:
    create_user(db, "ana", email="a@x.org")
    with pytest.raises(AlreadyExists, match="belongs to another account"):
        create_user(db, "otto", email="A@X.org")
    assert find_user(db, "otto") is None
    otto = create_user(db, "otto")
    with pytest.raises(AlreadyExists):
        update_profile(db, otto.id, email="A@x.ORG")


@pytest.mark.parametrize(
    "address", ["x", "@", "a@", "@b", "a b@c", "a@b@c", "a@b\nc", "a@\0", "a@\udc00", "x" * 400 + "@y"]
)
def test_a_wrong_address_is_refused(db: Database, address: str) -> None:
    with pytest.raises(Invalid, match="not an e-mail address"):
        create_user(db, "ana", email=address)


def test_names_that_no_database_can_hold_are_nobodys(db: Database, limiter: RateLimiter) -> None:
    for strange in ("a\0b", "\ud800", "\0@\0"):
        assert find_user(db, strange) is None
        with pytest.raises(Invalid):
            check_password(db, limiter, strange, "\ud800", "")


def test_a_profile_changes_only_what_is_given(db: Database) -> None:
    ana = create_user(db, "ana", full_name="Ana", email="a@x.org")
    changed = update_profile(db, ana.id, bio="hola\r\nmundo", theme="dark")
    assert (changed.full_name, changed.email, changed.bio, changed.theme) == ("Ana", "a@x.org", "hola\nmundo", "dark")
    cleared = update_profile(db, ana.id, email="", theme="")
    assert (cleared.email, cleared.theme, cleared.bio) == (None, None, "hola\nmundo")
    for wrong in ({"full_name": "x" * 201}, {"full_name": "a\nb"}, {"bio": "\ud800"}, {"language": "es; drop"}):
        with pytest.raises(Invalid):
            update_profile(db, ana.id, **wrong)


# --- passwords ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["short", "", "ana-maria", "ANA-maria", "x" * 1025, "\ud800" * 9])
def test_a_weak_password_is_refused(db: Database, password: str) -> None:
    with pytest.raises(Invalid, match="password"):
        create_user(db, "ana-maria", password=password)
    assert find_user(db, "ana-maria") is None


def test_the_password_opens_by_name_and_by_address(db: Database, limiter: RateLimiter) -> None:
    create_user(db, "ana", email="a@x.org", password=PASSWORD)
    assert check_password(db, limiter, "ANA", PASSWORD, "1.2.3.4").name == "ana"
    assert check_password(db, limiter, "A@X.ORG", PASSWORD, "1.2.3.4").name == "ana"


def test_wrong_passwords_and_unknown_accounts_get_the_same_answer(db: Database, limiter: RateLimiter) -> None:
    user(db)
    create_user(db, "tokens-only")
    answers = set()
    for name in ("ana", "nobody", "tokens-only"):
        with pytest.raises(Invalid) as caught:
            check_password(db, limiter, name, "wrong password", "1.2.3.4")
        answers.add(caught.value.message)
    assert answers == {"Wrong name or password."}


def test_an_unknown_account_costs_as_much_work_as_a_known_one(
    db: Database, limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a hash to compare with, the answer would come at once and tell which accounts exist."""
    verified: list[str] = []

    class Counting:
        def hash(self, password: str) -> str:
            return "a hash"

        def verify(self, hashed: str, password: str) -> bool:
            verified.append(hashed)
            return True

    monkeypatch.setattr(passwords, "hasher", Counting())
    with pytest.raises(Invalid):
        check_password(db, limiter, "nobody", PASSWORD, "1.2.3.4")
    assert verified == ["a hash"]


def test_an_unknown_account_writes_as_much_as_a_known_one(db: Database, limiter: RateLimiter) -> None:
    """A write takes milliseconds, which would tell too; and what was typed as a name may be a password."""
    user(db)
    for name in ("ana", "my-password"):
        with pytest.raises(Invalid):
            check_password(db, limiter, name, "wrong password", "1.2.3.4")
    wrong = list_events(db, AuditQuery(action="sign_in")).items
    assert [one.subject for one in wrong] == ["?", "ana"]


def test_wrong_passwords_are_limited_by_account_and_address(db: Database, limiter: RateLimiter) -> None:
    user(db)
    for _ in range(3):
        with pytest.raises(Invalid):
            check_password(db, limiter, "ana", "wrong", "1.2.3.4")
    with pytest.raises(RateLimited):
        check_password(db, limiter, "Ana", PASSWORD, "1.2.3.4")
    assert check_password(db, limiter, "ana", PASSWORD, "5.6.7.8").name == "ana"


def test_one_address_cannot_try_one_password_on_every_account(db: Database, limiter: RateLimiter) -> None:
    for n in range(5):
        with pytest.raises(Invalid):
            check_password(db, limiter, f"account-{n}", "password1", "1.2.3.4")
    with pytest.raises(RateLimited):
        check_password(db, limiter, "account-6", "password1", "1.2.3.4")


def test_right_passwords_never_count(db: Database, limiter: RateLimiter) -> None:
    """A whole class behind one address signs in."""
    user(db)
    for _ in range(20):
        check_password(db, limiter, "ana", PASSWORD, "1.2.3.4")


def test_a_hash_of_other_parameters_is_renewed_at_sign_in(
    db: Database, limiter: RateLimiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    from zoco.hub.accounts.store import users as store

    ana = user(db)
    better = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "hasher", better)
    check_password(db, limiter, "ana", PASSWORD, "")
    with db.read() as read:
        hashed = store.password_hash(read, ana.id)
    assert hashed and not better.check_needs_rehash(hashed)
    check_password(db, limiter, "ana", PASSWORD, "")


def test_a_new_password_signs_the_other_browsers_out(db: Database, limiter: RateLimiter) -> None:
    ana = user(db)
    for _ in range(3):
        start_session(db, ana.id, "browser", "1.2.3.4", days=1)
    kept = list_sessions(db, ana.id)[0]
    with pytest.raises(Invalid, match="old password is wrong"):
        change_password(db, ana.id, "not it", "another one", keep_session=kept.id)
    assert len(list_sessions(db, ana.id)) == 3
    change_password(db, ana.id, PASSWORD, "another one", keep_session=kept.id)
    assert [one.id for one in list_sessions(db, ana.id)] == [kept.id]
    check_password(db, limiter, "ana", "another one", "")
    with pytest.raises(Invalid):
        check_password(db, limiter, "ana", PASSWORD, "")


# --- closing and deleting -----------------------------------------------------------------------------------------


def test_a_closed_account_opens_nothing_until_it_is_opened_again(db: Database, limiter: RateLimiter) -> None:
    ana = user(db)
    secret = token(db, ana.id)
    start_session(db, ana.id, "", "", days=1)
    disable_user(db, None, "ana")
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, secret)
    with pytest.raises(Denied, match="closed"):
        check_password(db, limiter, "ana", PASSWORD, "")
    with pytest.raises(Invalid):
        check_password(db, limiter, "ana", "a guess at it", "")
    assert list_sessions(db, ana.id) == []
    enable_user(db, None, "ana")
    assert actor_from_token(db, secret).name == "ana"


def test_the_last_administrator_stays(db: Database) -> None:
    user(db, "root-a", is_admin=True)
    for attempt in (
        lambda: disable_user(db, None, "root-a"),
        lambda: delete_user(db, None, "root-a"),
        lambda: set_admin(db, None, "root-a", False),
    ):
        with pytest.raises(Conflict, match="last administrator"):
            attempt()
    user(db, "root-b", is_admin=True)
    set_admin(db, None, "root-a", False)
    assert not get_user(db, "root-a").is_admin


def test_deleting_an_account_ends_its_tokens_and_frees_its_name(db: Database) -> None:
    ana = user(db)
    secret = token(db, ana.id)
    delete_user(db, None, "ana")
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, secret)
    with pytest.raises(NotFound):
        get_user(db, "ana")
    assert user(db).id != ana.id, "an id is never used again: jobs and folders may still mean the old one"


def test_likes_go_with_their_account(db: Database) -> None:
    ana = user(db)
    key, _ = repository(db, user(db, "otto").id, "iris")
    with db.write() as write:
        write.exec_driver_sql(f"INSERT INTO repo_like (user_id, repo_id, created_at) VALUES ({ana.id}, {key}, 1)")
        write.exec_driver_sql("UPDATE repo SET likes = 3")
    delete_user(db, None, "ana")
    with db.read() as read:
        assert read.exec_driver_sql("SELECT likes FROM repo").scalar_one() == 2
        assert read.exec_driver_sql("SELECT count(*) FROM repo_like").scalar_one() == 0


def test_an_account_that_owns_something_is_not_deleted(db: Database) -> None:
    ana = signed_in(db)
    repository(db, ana.user_id, "iris")
    with pytest.raises(Conflict, match="still owns 1 repo"):
        delete_user(db, None, "ana")
    otto = signed_in(db, "otto")
    create_org(db, otto, "acme")
    with pytest.raises(Conflict, match="last administrator of acme"):
        delete_user(db, None, "otto")
    set_member(db, None, "acme", "ana", Role.ADMIN)
    delete_user(db, None, "otto")
    assert [one.name for one in list_members(db, "acme")] == ["ana"]


def test_changes_are_in_the_audit_trail(db: Database, limiter: RateLimiter) -> None:
    user(db)
    with pytest.raises(Invalid):
        check_password(db, limiter, "ana", "wrong", "1.2.3.4")
    disable_user(db, None, "ana")
    events = list_events(db).items
    assert [(e.action, e.actor, e.subject, e.address) for e in reversed(events)] == [
        ("user.create", None, "ana", None),
        ("sign_in.wrong", "ana", "ana", "1.2.3.4"),
        ("user.disable", None, "ana", None),
    ]
