"""One download for each client and repository in five minutes, by the files its library asks for first."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.unit.surfaces.hub_api.callers import Api

from zoco.hub.repos.downloads import flush
from zoco.surfaces import downloads

CONFIG = {"config.json": "{}", "model.safetensors": "weights", "README.md": "---\nlibrary_name: transformers\n---\n"}


def total(who: Api, id: str, kind: str = "models") -> int:
    flush(who.hub.db)
    return int(who("GET", f"/api/{kind}/{id}").json().get("downloads", 0))


def test_looking_and_reading_are_one_download(ana: Api, anonymous: Api) -> None:
    id = ana.repo()
    ana.put(id, CONFIG)
    for method in ("HEAD", "GET", "GET"):
        anonymous(method, f"/{id}/resolve/main/config.json")
    assert total(ana, id) == 1
    anonymous("HEAD", f"/{id}/resolve/main/config.json", headers={"User-Agent": "other/1.0; python/3"})
    anonymous("HEAD", f"/{id}/resolve/main/config.json", headers={"User-Agent": "other/1.0; python/4; session_id/7"})
    assert total(ana, id) == 2


def test_only_query_files_count_even_of_marked_calls(ana: Api) -> None:
    id = ana.repo()
    ana.put(id, CONFIG)
    marked = {"X-HF-Download-Counter": "1"}
    for path in ("model.safetensors", "README.md", "missing"):
        ana("GET", f"/{id}/resolve/main/{path}", headers=marked)
    ana("GET", f"/api/models/{id}", headers=marked)
    ana("GET", f"/{id}/raw/main/config.json")
    assert total(ana, id) == 0
    ana("GET", f"/{id}/resolve/main/config.json", headers={"If-None-Match": '"x"', "Range": "bytes=0-0"})
    assert total(ana, id) == 1


def test_a_user_is_one_client_wherever_they_are_and_two_users_are_two(ana: Api, otto: Api) -> None:
    id = ana.repo()
    ana.put(id, CONFIG)
    for program in ("a/1", "b/2"):
        for user in (ana, otto):
            user("GET", f"/{id}/resolve/main/config.json", headers={"User-Agent": program})
    assert total(ana, id) == 2


def test_pictures_that_a_page_shows_and_spaces_count_nothing(ana: Api, anonymous: Api) -> None:
    set_ = ana.repo(kind="dataset")
    ana.put(set_, {"a.png": "picture", "b.csv": "1"}, kind="datasets")
    anonymous("GET", f"/datasets/{set_}/resolve/main/a.png", headers={"Sec-Fetch-Mode": "no-cors"})
    assert total(ana, set_, "datasets") == 0
    anonymous("GET", f"/datasets/{set_}/resolve/main/b.csv", headers={"Sec-Fetch-Mode": "navigate"})
    assert total(ana, set_, "datasets") == 1
    space = ana.repo(kind="space", sdk="static")
    ana.put(space, {"config.json": "{}"}, kind="spaces")
    anonymous("GET", f"/spaces/{space}/resolve/main/config.json")
    assert not any(count for count in [total(ana, space, "spaces")])


def test_after_five_minutes_it_is_another_download(ana: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    id = ana.repo()
    ana.put(id, CONFIG)
    clock = SimpleNamespace(monotonic=lambda: clock.now)
    monkeypatch.setattr(downloads, "time", clock)
    monkeypatch.setattr(downloads, "_recent", type(downloads._recent)())
    for clock.now in (1000.0, 1299.0, 1301.0, 1500.0):
        ana("GET", f"/{id}/resolve/main/config.json")
    assert total(ana, id) == 2


def test_what_is_remembered_is_bounded(ana: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "REMEMBERED_MAX", 2)
    monkeypatch.setattr(downloads, "_recent", type(downloads._recent)())
    id = ana.repo()
    ana.put(id, CONFIG)
    for program in ("a/1", "b/1", "c/1", "a/1", "a/1"):
        ana.client.get(f"/{id}/resolve/main/config.json", headers={"User-Agent": program})
        assert len(downloads._recent) <= 2
    assert total(ana, id) == 4
