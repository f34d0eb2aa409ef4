"""The OpenAPI document says what is served: no more, no less, and in valid form."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.routing import Route
from tests.unit.surfaces.hub_api.callers import Api

from zoco.core.ids import RepoType
from zoco.surfaces.hub_api.odds import other_type
from zoco.surfaces.hub_api.openapi import document, paths_of
from zoco.surfaces.hub_api.routes import calls, later, one_word, routes, unknown

Json = dict[str, Any]


@pytest.fixture(scope="module")
def doc() -> Json:
    return document(calls, later)


def test_every_served_route_is_described_and_nothing_else(doc: Json) -> None:
    """From the routes that Starlette has, not from the table the document is made of."""
    served = set()
    for route in routes:
        assert isinstance(route, Route)
        if route.endpoint in (one_word, other_type, unknown):
            continue  # redirects and refusals of ids that are none
        for method in (route.methods or set()) - {"HEAD"}:
            for kind in RepoType:
                path = route.path.replace("{T:prefix}", kind.prefix)
                served.add((method, _shape(re.sub(r":\w+\}", "}", path))))
    described = {(method.upper(), _shape(path)) for path, item in doc["paths"].items() for method in item}
    assert described == served


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def test_operations_have_names_of_their_own(doc: Json) -> None:
    names = [operation["operationId"] for item in doc["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


def test_every_parameter_of_a_path_is_declared_once(doc: Json) -> None:
    for path, item in doc["paths"].items():
        for operation in item.values():
            declared = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
            assert sorted(declared) == sorted(re.findall(r"\{(\w+)\}", path)), path
            names = [(one["in"], one["name"]) for one in operation["parameters"]]
            assert len(names) == len(set(names)), path
            assert all(one.get("required") for one in operation["parameters"] if one["in"] == "path"), path


def test_every_reference_leads_somewhere(doc: Json) -> None:
    found = set(re.findall(r"'\$ref': '#/components/schemas/([^']+)'", str(doc)))
    assert found
    assert found <= set(doc["components"]["schemas"])


def test_every_operation_has_an_answer_and_an_error(doc: Json) -> None:
    for path, item in doc["paths"].items():
        for operation in item.values():
            statuses = set(operation["responses"])
            assert "default" in statuses, path
            assert statuses & {"200", "204", "501"}, path
            assert operation["summary"], path


def test_what_is_not_offered_is_marked_so(doc: Json) -> None:
    for call in later:
        for path in paths_of(call):
            operation = doc["paths"][path][call.method.lower()]
            assert "200" not in operation["responses"]
            assert operation["summary"].endswith("(not offered yet)")


def test_bodies_name_their_required_fields(doc: Json) -> None:
    create = doc["paths"]["/api/repos/create"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schema = doc["components"]["schemas"][create["$ref"].rsplit("/", 1)[-1]]
    assert schema["required"] == ["name"]
    assert {"name", "organization", "type", "private", "visibility"} <= set(schema["properties"])


def test_the_document_is_served_with_the_address_it_was_asked_at(anonymous: Api) -> None:
    answer = anonymous("GET", "/.well-known/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["servers"] == [{"url": "http://hub.test"}]
    assert answer.json()["openapi"] == "3.1.0"


def test_answers_have_the_shape_that_is_written(ana: Api, doc: Json) -> None:
    """A few real answers against their written schemas: every key is declared, every required key is there."""
    id = ana.repo(type="model")
    for path, template in (
        ("/api/whoami-v2", "/api/whoami-v2"),
        (f"/api/models/{id}", "/api/{repoType}/{namespace}/{repo}"),
        (f"/api/models/{id}/refs", "/api/{repoType}/{namespace}/{repo}/refs"),
        (f"/api/users/{ana.name}/overview", "/api/users/{username}/overview"),
        ("/api/quicksearch?q=a", "/api/quicksearch"),
    ):
        answer = ana("GET", path)
        assert answer.status_code == 200, answer.text
        schema = doc["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        named = doc["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        keys = set(answer.json())
        assert keys <= set(named["properties"]), path
        assert set(named.get("required", ())) <= keys, path
