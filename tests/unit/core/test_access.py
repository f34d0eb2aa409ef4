"""The whole rule of access as one table."""

from __future__ import annotations

import pytest

from zoco.core.access import Access, Actor, Grants, RepoFacts, Role, Visibility, access_to, can_create_in

OWNER, OTHER = 1, 2


def facts(visibility: Visibility, creator: int | None = OTHER) -> RepoFacts:
    return RepoFacts("model", "Lab", "iris", visibility, creator)


def actor(role: Role | None, limit: Access = Access.ADMIN, grants: Grants | None = None) -> Actor:
    roles = {"ana": Role.ADMIN} | ({"lab": role} if role else {})
    return Actor(OWNER, "ana", roles, limit, grants)


@pytest.mark.parametrize(
    ("visibility", "who", "creator", "expected"),
    [
        (Visibility.PUBLIC, None, OTHER, Access.READ),
        (Visibility.PRIVATE, None, OTHER, Access.NONE),
        (Visibility.PUBLIC, actor(None), OTHER, Access.READ),
        (Visibility.PRIVATE, actor(None), OTHER, Access.NONE),
        (Visibility.PRIVATE, actor(None), OWNER, Access.NONE),  # creating it once does not keep a former member in
        (Visibility.PRIVATE, actor(Role.READ), OTHER, Access.READ),
        (Visibility.PRIVATE, actor(Role.CONTRIBUTOR), OTHER, Access.READ),
        (Visibility.PRIVATE, actor(Role.CONTRIBUTOR), OWNER, Access.ADMIN),
        (Visibility.PRIVATE, actor(Role.WRITE), OTHER, Access.ADMIN),
        (Visibility.PRIVATE, actor(Role.ADMIN), OTHER, Access.ADMIN),
        (Visibility.PRIVATE, actor(Role.ADMIN, limit=Access.READ), OTHER, Access.READ),
        (Visibility.PUBLIC, actor(Role.ADMIN, limit=Access.NONE), OTHER, Access.READ),
        (Visibility.PRIVATE, actor(Role.ADMIN, grants=Grants()), OTHER, Access.NONE),
        (Visibility.PRIVATE, actor(Role.ADMIN, grants=Grants(everywhere=Access.READ)), OTHER, Access.READ),
        (
            Visibility.PRIVATE,
            actor(Role.ADMIN, grants=Grants(repos={"model/lab/iris": Access.WRITE})),
            OTHER,
            Access.WRITE,
        ),
        (
            Visibility.PRIVATE,
            actor(Role.ADMIN, grants=Grants(repos={"model/lab/rose": Access.WRITE})),
            OTHER,
            Access.NONE,
        ),
        (Visibility.PRIVATE, actor(Role.READ, grants=Grants(namespaces={"lab": Access.ADMIN})), OTHER, Access.READ),
    ],
)
def test_access_is_the_least_of_role_and_credentials_and_at_least_public(
    visibility: Visibility, who: Actor | None, creator: int, expected: Access
) -> None:
    assert access_to(facts(visibility, creator), who) is expected


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        (actor(None), False),
        (actor(Role.READ), False),
        (actor(Role.CONTRIBUTOR), True),
        (actor(Role.ADMIN, limit=Access.READ), False),
        (actor(Role.ADMIN, grants=Grants(everywhere=Access.ADMIN)), False),
        (actor(Role.ADMIN, grants=Grants(namespaces={"lab": Access.WRITE})), True),
    ],
)
def test_creating_needs_a_role_and_credentials_that_write_there(who: Actor, allowed: bool) -> None:
    assert can_create_in("LAB", who) is allowed
