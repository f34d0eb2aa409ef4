"""Repositories: create, find, settle, move, duplicate, delete."""

from __future__ import annotations

from tests.unit.surfaces.hub_api.callers import Api


def test_a_created_repository_tells_its_url_and_holds_one_commit(ana: Api) -> None:
    made = ana(
        "POST", "/api/repos/create", json={"name": "iris", "organization": None, "type": "model", "private": None}
    )
    assert made.status_code == 200
    assert made.json() == {
        "url": f"http://hub.test/{ana.name}/iris",
        "name": f"{ana.name}/iris",
        "id": f"{ana.name}/iris",
    }
    info = ana("GET", f"/api/models/{ana.name}/iris").json()
    assert info["id"] == info["modelId"] == f"{ana.name}/iris"
    assert info["private"] is False
    assert info["gated"] is False
    assert [file["rfilename"] for file in info["siblings"]] == [".gitattributes"]
    commits = ana("GET", f"/api/models/{ana.name}/iris/commits/main").json()
    assert [commit["title"] for commit in commits] == ["initial commit"]
    assert commits[0]["id"] == info["sha"]
    assert commits[0]["authors"] == [{"user": ana.name}]


def test_creating_twice_answers_409_with_the_url(ana: Api) -> None:
    id = ana.repo("twice")
    again = ana("POST", "/api/repos/create", json={"name": "TWICE"})
    assert again.status_code == 409
    assert again.json()["url"] == f"http://hub.test/{id}"
    assert "already created this model repo" in again.json()["error"]
