from __future__ import annotations

import re

import pytest
from tests.unit.hub.accounts.people import repository, signed_in, token, user

from zoco.adapters.clock import now_ms
from zoco.adapters.db.engine import Database
from zoco.core.access import Access, Grants, Role, TokenRole, Visibility
from zoco.core.errors import AlreadyExists, Invalid, InvalidCredentials, NotFound
from zoco.hub.accounts import last_use
from zoco.hub.accounts.authenticate import actor_again, actor_from_token
from zoco.hub.accounts.grants import access_of, permissions_of
from zoco.hub.accounts.orgs import create_org, remove_member, set_member
from zoco.hub.accounts.store import tokens as store
from zoco.hub.accounts.sweep import sweep
from zoco.hub.accounts.tokens import create_token, delete_token, list_tokens, refresh_token, rename_token
from zoco.hub.accounts.users import delete_user
from zoco.hub.accounts.whoami import whoami


def test_a_token_has_the_form_clients_know_and_its_secret_is_stored_nowhere(db: Database) -> None:
    made, secret = create_token(db, user(db).id, "laptop", TokenRole.READ)
    assert re.fullmatch(r"hf_[A-Za-z0-9]{34}", secret)
    assert made.hint == f"{secret[:5]}…{secret[-4:]}"
    with db.read() as read:
        for table in ("token", "audit"):
            rows = read.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert rows and secret not in repr(rows)


@pytest.mark.parametrize(("role", "limit"), [(TokenRole.READ, Access.READ), (TokenRole.WRITE, Access.ADMIN)])
def test_a_token_limits_what_its_owner_may(db: Database, role: TokenRole, limit: Access) -> None:
    actor = actor_from_token(db, token(db, user(db, is_admin=True).id, role))
    assert (actor.limit, actor.roles, actor.grants) == (limit, {"ana": Role.ADMIN}, None)
    assert actor.is_admin is (role is TokenRole.WRITE), "a read token administrates nothing"


def test_a_token_carries_the_roles_its_owner_has_now(db: Database) -> None:
    ana, otto = signed_in(db), signed_in(db, "otto")
    create_org(db, otto, "Acme")
    secret = token(db, ana.user_id)
    set_member(db, otto, "acme", "ana", Role.CONTRIBUTOR)
    assert actor_from_token(db, secret).role_in("ACME") is Role.CONTRIBUTOR
    remove_member(db, None, "acme", "ana")
    assert actor_from_token(db, secret).role_in("acme") is None


@pytest.mark.parametrize("secret", ["", "hf_", "hf_nothing", "x" * 10_000, "hf_\0", "\ud800", "hf_'; DROP TABLE token"])
def test_what_is_no_token_is_refused_with_the_text_clients_know(db: Database, secret: str) -> None:
    with pytest.raises(InvalidCredentials, match="Invalid credentials in Authorization header"):
        actor_from_token(db, secret)


def test_an_expired_token_opens_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = user(db)
    with pytest.raises(Invalid, match="expired already"):
        create_token(db, ana.id, "t", TokenRole.READ, expires_at_ms=now_ms() - 1)
    _, secret = create_token(db, ana.id, "t", TokenRole.READ, expires_at_ms=now_ms() + 60_000)
    assert actor_from_token(db, secret).name == "ana"
    monkeypatch.setattr(store, "now_ms", lambda: now_ms() + 60_001)
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, secret)
    assert list_tokens(db, ana.id) == []


def test_tokens_are_listed_renamed_refreshed_and_deleted_by_their_owner_only(db: Database) -> None:
    ana, otto = user(db), user(db, "otto")
    first, old = create_token(db, ana.id, "one", TokenRole.WRITE)
    create_token(db, ana.id, "two", TokenRole.READ)
    for attempt in (
        lambda: delete_token(db, otto.id, first.id),
        lambda: rename_token(db, otto.id, first.id, "mine"),
        lambda: refresh_token(db, otto.id, first.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    rename_token(db, ana.id, first.id, "laptop")
    assert [one.name for one in list_tokens(db, ana.id)] == ["two", "laptop"]
    _, new = refresh_token(db, ana.id, first.id)
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, old)
    assert actor_from_token(db, new).token_id == first.id
    delete_token(db, ana.id, first.id)
    with pytest.raises(InvalidCredentials):
        actor_from_token(db, new)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\nb", "a\0", "\udc00"])
def test_a_wrong_name_is_refused(db: Database, name: str) -> None:
    ana = user(db)
    with pytest.raises(Invalid):
        create_token(db, ana.id, name, TokenRole.READ)


def test_a_token_of_another_hub_is_taken_over_once(db: Database) -> None:
    ana = user(db)
    value = "hf_" + "aB3" * 11 + "x"
    assert create_token(db, ana.id, "moved", TokenRole.WRITE, value=value)[1] == value
    assert actor_from_token(db, value).name == "ana"
    with pytest.raises(AlreadyExists):
        create_token(db, ana.id, "again", TokenRole.WRITE, value=value)
    for wrong in ("password", "hf_short", "hf_" + "x" * 300, "hf_with space and more!!", "HF_" + "a" * 34):
        with pytest.raises(Invalid, match="A token's value"):
            create_token(db, ana.id, "t", TokenRole.READ, value=wrong)


def test_who_came_with_credentials_is_looked_at_again(db: Database) -> None:
    ana = user(db)
    secret = token(db, ana.id)
    actor = actor_from_token(db, secret)
    assert actor_again(db, actor.user_id, actor.token_id) == actor
    assert actor_again(db, ana.id, None).token_id is None
    with pytest.raises(InvalidCredentials):
        actor_again(db, user(db, "otto").id, actor.token_id)
    delete_user(db, None, "ana")
    for token_id in (actor.token_id, None):
        with pytest.raises(InvalidCredentials):
            actor_again(db, actor.user_id, token_id)


def test_last_use_is_buffered_and_never_goes_back(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = user(db)
    secret = token(db, ana.id)
    before = now_ms()
    actor_from_token(db, secret)
    assert list_tokens(db, ana.id)[0].last_used_at_ms is None
    last_use.flush(db)
    used = list_tokens(db, ana.id)[0].last_used_at_ms
    assert used is not None and used >= before
    monkeypatch.setattr(last_use, "now_ms", lambda: 1000)  # another worker, that flushes later what it saw earlier
    actor_from_token(db, secret)
    last_use.flush(db)
    assert list_tokens(db, ana.id)[0].last_used_at_ms == used


def test_last_uses_survive_a_flush_that_fails(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = user(db)
    actor_from_token(db, token(db, ana.id))
    with monkeypatch.context() as broken:
        broken.setattr("zoco.hub.accounts.store.sessions.slide", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            last_use.flush(db)
    last_use.flush(db)
    assert list_tokens(db, ana.id)[0].last_used_at_ms is not None


def test_expired_tokens_are_swept_after_a_month(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = user(db)
    create_token(db, ana.id, "short", TokenRole.READ, expires_at_ms=now_ms() + 1000)
    create_token(db, ana.id, "for ever", TokenRole.READ)
    monkeypatch.setattr("zoco.hub.accounts.sweep.now_ms", lambda: now_ms() + 31 * 86_400_000)
    sweep(db)
    with db.read() as read:
        assert read.exec_driver_sql("SELECT name FROM token").scalars().all() == ["for ever"]


# --- fine-grained -------------------------------------------------------------------------------------------------


def test_a_fine_grained_token_names_things_and_not_their_names(db: Database) -> None:
    """A repository keeps its token when it is renamed, and whoever takes the old name gains nothing."""
    ana = signed_in(db)
    iris, iris_id = repository(db, ana.user_id, "Iris", visibility=Visibility.PRIVATE)
    grants = Grants(repos={"model/ana/iris": Access.WRITE})
    _, secret = create_token(db, ana.user_id, "ci", TokenRole.FINE_GRAINED, grants=grants)
    assert actor_from_token(db, secret).grants == grants
    with db.write() as write:
        write.exec_driver_sql(f"UPDATE repo SET name = 'Rose', name_key = 'rose' WHERE id = {iris}")
    repository(db, ana.user_id, "Iris")
    assert actor_from_token(db, secret).grants == Grants(repos={"model/ana/rose": Access.WRITE})
    facts = whoami(db, actor_from_token(db, secret)).fine_grained
    assert facts and [(s.type, s.name, s.public_id, s.permissions) for s in facts.scoped] == [
        ("model", "ana/Rose", iris_id, ("repo.content.read", "repo.content.write"))
    ]
    with db.write() as write:
        write.exec_driver_sql(f"DELETE FROM repo WHERE id = {iris}")
    assert actor_from_token(db, secret).grants == Grants()


def test_a_fine_grained_token_gives_namespaces_and_everything_readable(db: Database) -> None:
    ana = signed_in(db)
    create_org(db, ana, "Acme")
    grants = Grants(everywhere=Access.READ, namespaces={"acme": Access.ADMIN}, can_manage_account=True)
    _, secret = create_token(db, ana.user_id, "ci", TokenRole.FINE_GRAINED, grants=grants)
    actor = actor_from_token(db, secret)
    assert actor.grants == grants
    assert not actor.is_admin
    facts = whoami(db, actor).fine_grained
    assert facts and facts.global_permissions == ("repo.content.read", "account.write")
    assert [(s.type, s.name, s.permissions) for s in facts.scoped] == [
        ("org", "Acme", ("repo.content.read", "repo.write"))
    ]


def test_a_token_cannot_name_what_its_owner_may_not_see(db: Database) -> None:
    ana, otto = signed_in(db), user(db, "otto")
    repository(db, otto.id, "secret", visibility=Visibility.PRIVATE)
    repository(db, otto.id, "open")
    texts = set()
    for path in ("model/otto/secret", "model/otto/missing"):
        with pytest.raises(Invalid) as caught:
            create_token(db, ana.user_id, "t", TokenRole.FINE_GRAINED, grants=Grants(repos={path: Access.READ}))
        texts.add(caught.value.message.replace(path, "X"))
    assert len(texts) == 1, "a private repository is answered as a missing one"
    create_token(db, ana.user_id, "t", TokenRole.FINE_GRAINED, grants=Grants(repos={"model/otto/open": Access.READ}))
    for wrong in (Grants(namespaces={"otto": Access.READ}), Grants(namespaces={"nobody": Access.READ})):
        with pytest.raises(Invalid, match="do not belong"):
            create_token(db, ana.user_id, "t", TokenRole.FINE_GRAINED, grants=wrong)
    for path in ("iris", "kernel/a/b", "model/a", "model/a/b/c"):
        with pytest.raises(Invalid, match="type/owner/name"):
            create_token(db, ana.user_id, "t", TokenRole.FINE_GRAINED, grants=Grants(repos={path: Access.READ}))


def test_only_fine_grained_tokens_have_permissions(db: Database) -> None:
    ana = user(db)
    with pytest.raises(Invalid):
        create_token(db, ana.id, "t", TokenRole.WRITE, grants=Grants())
    with pytest.raises(Invalid):
        create_token(db, ana.id, "t", TokenRole.FINE_GRAINED)


@pytest.mark.parametrize("access", [Access.NONE, Access.READ, Access.WRITE, Access.ADMIN])
def test_permission_words_go_both_ways(access: Access) -> None:
    assert access_of(permissions_of(access)) is access


def test_a_permission_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid, match="is not a permission"):
        access_of(["repo.content.read", "inference.serverless.write"])


def test_whoami_tells_the_account_its_organisations_and_the_token(db: Database) -> None:
    ana = signed_in(db)
    create_org(db, ana, "Acme", "Acme Inc.")
    made, secret = create_token(db, ana.user_id, "laptop", TokenRole.READ)
    me = whoami(db, actor_from_token(db, secret))
    assert me.user.name == "ana"
    assert [(org.name, role) for org, role in me.orgs] == [("Acme", Role.ADMIN)]
    assert me.token == made
    assert whoami(db, ana).token is None
