"""Repositories: create, find, settle, move, duplicate, delete."""

from __future__ import annotations

import pytest
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


def test_a_licence_and_first_files_are_in_the_first_commit(ana: Api) -> None:
    id = ana.repo(license="mit", files=[{"path": "a.txt", "content": "YQ==", "encoding": "base64"}])
    info = ana("GET", f"/api/models/{id}").json()
    assert info["cardData"] == {"license": "mit"}
    assert "license:mit" in info["tags"]
    assert ana("GET", f"/{id}/resolve/main/a.txt").text == "a"
    assert len(ana("GET", f"/api/models/{id}/commits/main").json()) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"name": "x", "type": "kernel"}, "kernel"),
        ({"name": "x", "type": "bucket"}, "bucket"),
        ({"name": "x", "type": "website"}, "website"),
        ({"name": "x", "visibility": "protected"}, "protected"),
        ({"name": "x", "visibility": "hidden"}, "hidden"),
        ({"name": "x", "type": "space"}, "sdk"),
        ({"name": "a/b/c"}, "namespace/name"),
        ({"name": ""}, "name"),
        ({"name": "tree"}, "reserved"),
        ({"name": "x", "files": [{"path": "a", "content": "?", "encoding": "base64"}]}, "base64"),
    ],
)
def test_what_cannot_be_created_is_named(ana: Api, body: dict[str, object], says: str) -> None:
    answer = ana("POST", "/api/repos/create", json=body)
    assert answer.status_code == 400, answer.text
    assert says in answer.json()["error"]


def test_settings_are_echoed_and_kept(ana: Api) -> None:
    id = ana.repo()
    asked = {
        "private": True,
        "gated": "auto",
        "discussionsDisabled": True,
        "gatedNotificationsMode": "bulk",
        "later": 1,
    }
    answer = ana("PUT", f"/api/models/{id}/settings", json={**asked, "later": 1})
    assert answer.json() == {
        "private": True,
        "gated": "auto",
        "discussionsDisabled": True,
        "gatedNotificationsMode": "bulk",
    }
    info = ana("GET", f"/api/models/{id}").json()
    assert (info["private"], info["gated"]) == (True, "auto")
    assert ana("PUT", f"/api/models/{id}/settings", json={"gated": False}).json() == {"gated": False}
    wrong = ana("PUT", f"/api/models/{id}/settings", json={"gated": "sometimes"})
    assert wrong.status_code == 400
    assert "gated" in wrong.json()["error"]


def test_names_come_back_as_they_were_written(ana: Api) -> None:
    id = ana.repo("CamelCase")
    low = id.lower()
    assert ana("GET", f"/api/models/{low}").json()["id"] == id
    assert ana("HEAD", f"/{low}/resolve/main/.gitattributes").status_code == 200
    assert (
        ana("POST", "/api/repos/move", json={"fromRepo": low, "toRepo": id.replace("Camel", "camel")}).status_code
        == 200
    )
    assert ana("GET", f"/api/models/{id}").json()["id"].endswith("/camelCase")


def test_expand_in_both_spellings_gives_only_what_is_asked(ana: Api) -> None:
    id = ana.repo()
    for query in ("expand=likes&expand=sha", "expand[]=likes&expand[]=sha"):
        assert set(ana("GET", f"/api/models/{id}?{query}").json()) == {"_id", "id", "likes", "sha"}
    assert set(ana("GET", f"/api/models?author={ana.name}&expand[]=likes").json()[0]) == {"_id", "id", "likes"}


def test_siblings_have_sizes_only_where_asked(ana: Api) -> None:
    id = ana.repo()
    ana.put(id, {"a.txt": "abc"})
    assert ana("GET", f"/api/models/{id}").json()["siblings"][1] == {"rfilename": "a.txt"}
    sized = ana("GET", f"/api/models/{id}?blobs=true").json()["siblings"][1]
    assert (sized["rfilename"], sized["size"], len(sized["blobId"])) == ("a.txt", 3, 40)


def test_security_status_is_honest(ana: Api) -> None:
    id = ana.repo()
    status = {"scansDone": False, "filesWithIssues": []}
    assert ana("GET", f"/api/models/{id}?securityStatus=true").json()["securityRepoStatus"] == status
    assert ana("GET", f"/api/models/{id}/scan").json() == status


def test_a_card_is_checked_without_an_account(anonymous: Api) -> None:
    def verdict(content: str, kind: str = "model") -> tuple[int, dict[str, list[dict[str, str]]]]:
        answer = anonymous("POST", "/api/validate-yaml", json={"content": content, "repoType": kind})
        return answer.status_code, answer.json()

    assert verdict("---\nlicense: mit\n---\n") == (200, {"errors": [], "warnings": []})
    status, said = verdict("# no metadata")
    assert status == 200
    assert said["warnings"] == [{"message": "empty or missing yaml metadata in repo card"}]
    status, said = verdict("---\nlicense: [unclosed\n---\n")
    assert status == 400
    assert said["errors"]
    assert verdict("---\nlicense: no-such-licence\n---\n")[0] == 400


def test_trees_page_with_every_parameter_kept(ana: Api) -> None:
    id = ana.repo()
    ana.put(id, {f"d/{number}.txt": "x" for number in range(5)})
    first = ana("GET", f"/api/models/{id}/tree/main/d?recursive=true&limit=2")
    link = first.headers["link"]
    assert link.startswith(f"<http://hub.test/api/models/{id}/tree/main/d?recursive=true&limit=2&cursor=")
    assert link.endswith('>; rel="next"')
    paths = [entry["path"] for entry in first.json()]
    while "link" in first.headers:
        first = ana("GET", first.headers["link"][1:].partition(">")[0])
        paths += [entry["path"] for entry in first.json()]
    assert paths == [f"d/{number}.txt" for number in range(5)]
    assert ana("GET", f"/api/models/{id}/treesize/main/d").json() == {"path": "d", "size": 5}


def test_histories_count_and_compare(ana: Api) -> None:
    id = ana.repo()
    before = ana("GET", f"/api/models/{id}").json()["sha"]
    ana.put(id, {"a.txt": "one\n"})
    after = ana.put(id, {"a.txt": "two\n"})
    page = ana("GET", f"/api/models/{id}/commits/main?limit=1&p=1&expand[]=formatted")
    assert page.headers["x-total-count"] == "3"
    assert len(page.json()) == 1
    assert page.json()[0]["formatted"]["title"] == "change"
    assert "p=2" in page.headers["link"]
    diff = ana("GET", f"/api/models/{id}/compare/{before}..{after}")
    assert diff.headers["content-type"].startswith("text/plain")
    assert "+two" in diff.text
    assert "-two" in ana("GET", f"/api/models/{id}/compare/{after}..{before}").text


def test_head_is_the_default_branch(ana: Api) -> None:
    id = ana.repo()
    sha = ana.put(id, {"a.txt": "a"})
    assert ana("GET", f"/api/models/{id}/revision/HEAD").json()["sha"] == sha
    assert ana("GET", f"/{id}/resolve/HEAD/a.txt").text == "a"
