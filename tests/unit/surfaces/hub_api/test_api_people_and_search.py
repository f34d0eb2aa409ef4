"""Who is who, searching, trending, tags, one's own repositories, and logging in without a browser."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree

import pytest
from tests.unit.surfaces.hub_api.callers import Api

from zoco.core.access import Access, Grants, Role, TokenRole
from zoco.hub.accounts.authenticate import actor_of_user
from zoco.hub.accounts.oauth import CLIENTS, answer_device
from zoco.hub.accounts.orgs import create_org, set_member
from zoco.hub.accounts.tokens import create_token
from zoco.hub.accounts.users import get_user

_numbers = itertools.count(1)
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT = next(iter(CLIENTS))


@pytest.fixture
def org(ana: Api, otto: Api) -> str:
    """Of Ana as administrator and Otto as reader."""
    name = f"org{next(_numbers)}"
    create_org(ana.hub.db, None, name, "An Organisation")
    set_member(ana.hub.db, None, name, ana.name, Role.ADMIN)
    set_member(ana.hub.db, None, name, otto.name, Role.READ)
    return name


def test_whoami_tells_organisations_and_roles(ana: Api, otto: Api, org: str) -> None:
    mine = ana("GET", "/api/whoami-v2").json()
    assert (mine["type"], mine["name"], mine["fullname"]) == ("user", ana.name, "Ana")
    assert [(one["name"], one["roleInOrg"]) for one in mine["orgs"]] == [(org, "admin")]
    assert [one["roleInOrg"] for one in otto("GET", "/api/whoami-v2").json()["orgs"]] == ["read"]


def test_whoami_needs_somebody(anonymous: Api) -> None:
    answer = anonymous("GET", "/api/whoami-v2")
    assert answer.status_code == 401
    assert answer.headers["x-error-message"]


def test_whoami_says_what_a_fine_grained_token_may(ana: Api) -> None:
    id = ana.repo()
    grants = Grants(repos={f"model/{id}".lower(): Access.WRITE})
    user = get_user(ana.hub.db, ana.name)
    _, secret = create_token(ana.hub.db, user.id, "fine", TokenRole.FINE_GRAINED, grants=grants)
    fine = Api(ana.hub, ana.client, ana.name, secret)
    shown = fine("GET", "/api/whoami-v2").json()["auth"]["accessToken"]
    assert (shown["displayName"], shown["role"]) == ("fine", "fineGrained")
    assert shown["fineGrained"]["scoped"] == [
        {
            "entity": {"_id": shown["fineGrained"]["scoped"][0]["entity"]["_id"], "type": "model", "name": id},
            "permissions": ["repo.content.read", "repo.content.write"],
        }
    ]
    other = ana.repo()
    assert fine.put(id, {"a.txt": "a"})
    assert fine.commit(other).status_code == 403
    assert fine("PUT", f"/api/models/{id}/settings", json={"private": True}).status_code == 403
    assert fine("POST", "/api/repos/create", json={"name": "not-with-this"}).status_code == 403


def test_overviews(ana: Api, anonymous: Api, org: str) -> None:
    ana.repo()
    ana.repo(private=True)
    ana.repo(kind="dataset")
    seen = anonymous("GET", f"/api/users/{ana.name.upper()}/overview").json()
    assert (seen["user"], seen["numModels"], seen["numDatasets"], seen["numSpaces"]) == (ana.name, 1, 1, 0)
    assert [one["name"] for one in seen["orgs"]] == [org]
    assert ana("GET", f"/api/users/{ana.name}/overview").json()["numModels"] == 2
    group = anonymous("GET", f"/api/organizations/{org}/overview").json()
    assert (group["name"], group["fullname"], group["numUsers"]) == (org, "An Organisation", 2)


def test_only_members_see_roles(ana: Api, anonymous: Api, org: str, otto: Api) -> None:
    inside = {one["user"]: one["role"] for one in ana("GET", f"/api/organizations/{org}/members").json()}
    assert inside == {ana.name: "admin", otto.name: "read"}
    outside = anonymous("GET", f"/api/organizations/{org}/members").json()
    assert {one["user"] for one in outside} == set(inside)
    assert all("role" not in one for one in outside)


def test_members_come_in_pages(ana: Api, anonymous: Api, org: str, otto: Api) -> None:
    first = anonymous("GET", f"/api/organizations/{org}/members?limit=1")
    link = first.headers["link"]
    assert link.startswith(f"<http://hub.test/api/organizations/{org}/members?limit=1&cursor=")
    second = anonymous("GET", link[1 : link.index(">")])
    assert {first.json()[0]["user"], second.json()[0]["user"]} == {ana.name, otto.name}
    assert "link" not in second.headers


def test_everybody_has_a_picture(ana: Api, anonymous: Api, org: str) -> None:
    for name, address in ((ana.name, f"/api/users/{ana.name}/avatar"), (org, f"/api/organizations/{org}/avatar")):
        url = anonymous("GET", address).json()["avatarUrl"]
        assert url == f"http://hub.test/avatars/{name}"
        assert anonymous("GET", f"{address}?redirect=1").headers["location"] == url
        picture = anonymous("GET", url)
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert ElementTree.fromstring(picture.text).tag == "{http://www.w3.org/2000/svg}svg"
    assert anonymous("GET", "/avatars/no-such-name").status_code == 404


@pytest.mark.parametrize(
    "path", ["users/no-such-user/overview", "users/no-such-user/likes", "organizations/no-such-org/overview"]
)
def test_nobody_of_that_name(anonymous: Api, path: str) -> None:
    answer = anonymous("GET", f"/api/{path}")
    assert answer.status_code == 404
    assert "no-such" in answer.json()["error"]


def test_an_organisations_storage_is_for_its_members(ana: Api, anonymous: Api, org: str, hub: object) -> None:
    id = ana.repo("stored", organization=org)
    listed = ana("GET", f"/api/organizations/{org}/settings/repositories").json()
    assert [(one["id"], one["type"], one["visibility"]) for one in listed] == [(id, "model", "public")]
    assert anonymous("GET", f"/api/organizations/{org}/settings/repositories").status_code == 401
    assert anonymous("GET", "/api/settings/repositories").status_code == 401


def test_strangers_do_not_see_an_organisations_storage(ana: Api, org: str, reader_token: Api) -> None:
    from zoco.hub.accounts.users import create_user

    user = create_user(ana.hub.db, f"eva{next(_numbers)}")
    _, secret = create_token(ana.hub.db, user.id, "t", TokenRole.WRITE)
    eva = Api(ana.hub, ana.client, user.name, secret)
    assert eva("GET", f"/api/organizations/{org}/settings/repositories").status_code == 403


def test_quicksearch_finds_what_the_caller_may_read(ana: Api, otto: Api) -> None:
    word = f"needle{next(_numbers)}"
    id, secret = ana.repo(f"{word}-model"), ana.repo(f"{word}-secret", private=True)
    found = otto("GET", f"/api/quicksearch?q={word}").json()
    assert [one["id"] for one in found["models"]] == [id]
    assert (found["modelsCount"], found["q"]) == (1, word)
    assert {one["id"] for one in ana("GET", f"/api/quicksearch?q={word}").json()["models"]} == {id, secret}
    people = otto("GET", f"/api/quicksearch?q={ana.name}&type=user").json()
    assert [one["user"] for one in people["users"]] == [ana.name]
    assert people["models"] == []


def test_trending_and_tags(ana: Api, anonymous: Api) -> None:
    id = ana.repo(kind="dataset")
    ana.put(id, {"README.md": "---\nlicense: mit\nlanguage: [es]\n---\n"}, kind="datasets")
    trending = anonymous("GET", "/api/trending?type=dataset&limit=100").json()["recentlyTrending"]
    assert all(one["repoType"] == "dataset" for one in trending)
    tags = anonymous("GET", "/api/datasets-tags-by-type").json()
    assert "license:mit" in [one["id"] for one in tags["license"]]
    only = anonymous("GET", "/api/datasets-tags-by-type?type=license").json()
    assert set(only) == {"license"}
    assert anonymous("GET", "/api/trending?type=nothing").status_code == 400


def test_likes_count_once_and_need_a_write_token(ana: Api, otto: Api, anonymous: Api, reader_token: Api) -> None:
    id = ana.repo()
    for _ in range(2):
        assert otto("POST", f"/api/models/{id}/like").status_code == 200
    assert ana("GET", f"/api/models/{id}").json()["likes"] == 1
    assert [one["user"] for one in anonymous("GET", f"/api/models/{id}/likers").json()] == [otto.name]
    liked = anonymous("GET", f"/api/users/{otto.name}/likes").json()
    assert [one["repo"] for one in liked] == [{"name": id, "type": "model"}]
    assert anonymous("POST", f"/api/models/{id}/like").status_code == 401
    assert reader_token("POST", f"/api/models/{id}/like").status_code == 403
    for _ in range(2):
        assert otto("DELETE", f"/api/models/{id}/like").status_code == 200
    assert ana("GET", f"/api/models/{id}").json()["likes"] == 0


def test_a_device_waits_for_consent_and_gets_tokens_once(ana: Api, anonymous: Api) -> None:
    start = anonymous("POST", "/oauth/device", data={"client_id": CLIENT}).json()
    assert start["verification_uri"] == "http://hub.test/oauth/device"
    assert start["verification_uri_complete"].endswith(start["user_code"])
    ask = {"grant_type": DEVICE, "device_code": start["device_code"], "client_id": CLIENT}
    waiting = anonymous("POST", "/oauth/token", data=ask)
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    assert waiting.headers["cache-control"] == "no-store"
    user = get_user(ana.hub.db, ana.name)
    answer_device(ana.hub.db, actor_of_user(ana.hub.db, user.id, user.name), start["user_code"], True)
    given = anonymous("POST", "/oauth/token", data=ask)
    if given.json().get("error") == "slow_down":  # asked again too soon: the answer stays
        pytest.fail("a poll that was answered counts as the first")
    tokens = given.json()
    assert tokens["token_type"] == "bearer"
    signed = Api(ana.hub, ana.client, ana.name, tokens["access_token"])
    assert signed("GET", "/api/whoami-v2").json()["name"] == ana.name
    assert anonymous("POST", "/oauth/token", data=ask).json()["error"] == "invalid_grant"
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": CLIENT}
    fresh = anonymous("POST", "/oauth/token", data=again).json()
    assert fresh["access_token"] != tokens["access_token"]
    assert anonymous("POST", "/oauth/token", data=again).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("path", "form", "error"),
    [
        ("/oauth/device", {"client_id": "unknown"}, "invalid_client"),
        ("/oauth/device", {}, "invalid_client"),
        ("/oauth/token", {}, "unsupported_grant_type"),
        ("/oauth/token", {"grant_type": "password"}, "unsupported_grant_type"),
        ("/oauth/token", {"grant_type": DEVICE, "client_id": CLIENT, "device_code": "x"}, "invalid_grant"),
        ("/oauth/token", {"grant_type": "refresh_token", "client_id": CLIENT, "refresh_token": "x"}, "invalid_grant"),
    ],
)
def test_oauth_errors_are_json_with_400(anonymous: Api, path: str, form: dict[str, str], error: str) -> None:
    answer = anonymous("POST", path, data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["error_description"]


def test_a_token_exchange_is_refused_in_oauths_form(anonymous: Api) -> None:
    exchange = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "x"}
    answer = anonymous("POST", "/oauth/token", json=exchange)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
