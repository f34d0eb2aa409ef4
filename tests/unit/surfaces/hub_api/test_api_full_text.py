"""Our own search inside texts, as JSON."""

from __future__ import annotations

import pytest
from tests.unit.surfaces.hub_api.callers import Api

URL = "/api/search/full-text"


def test_a_passage_comes_in_pieces(ana: Api, anonymous: Api) -> None:
    id = ana.repo()
    ana.put(id, {"README.md": "---\nlicense: mit\n---\n# Zyzomys\n\nA <b>rock</b> rat."})
    answer = anonymous("GET", URL, params={"q": "rock zyz"}).json()
    assert answer == {
        "q": "rock zyz",
        "total": 1,
        "totalIsMore": False,
        "hasNext": False,
        "items": [
            {
                "type": "model",
                "id": id,
                "path": "README.md",
                "snippet": [
                    {"text": "Zyzomys", "isMatch": True},
                    {"text": " A ", "isMatch": False},
                    {"text": "rock", "isMatch": True},
                    {"text": " rat.", "isMatch": False},
                ],
            }
        ],
    }
    ana("PUT", f"/api/models/{id}/settings", json={"private": True})
    assert anonymous("GET", URL, params={"q": "zyzomys"}).json()["total"] == 0
    assert ana("GET", URL, params={"q": "zyzomys"}).json()["total"] == 1


@pytest.mark.parametrize("typed", ["", '"', "* OR", "a" * 5000, "\u200b", "NEAR(", "%"])
def test_anything_may_be_typed(anonymous: Api, typed: str) -> None:
    answer = anonymous("GET", URL, params={"q": typed})
    assert (answer.status_code, answer.json()["q"]) == (200, typed)


def test_pages_and_types(ana: Api) -> None:
    for kind in ("model", "dataset", "dataset"):
        ana.put(ana.repo(kind=kind), {"README.md": "Quenda"}, kind=f"{kind}s")
    assert len(ana("GET", URL, params={"q": "quenda", "type": "dataset"}).json()["items"]) == 2
    first = ana("GET", URL, params={"q": "quenda", "limit": 2}).json()
    rest = ana("GET", URL, params={"q": "quenda", "limit": 2, "skip": 2}).json()
    assert (len(first["items"]), first["hasNext"], len(rest["items"]), rest["hasNext"]) == (2, True, 1, False)
    assert ana("GET", URL, params={"q": "quenda", "type": "kernel"}).status_code == 400
    assert ana("GET", URL, params={"q": "quenda", "skip": "-1"}).status_code == 400
