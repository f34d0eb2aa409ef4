"""The OpenAPI document of what is served, made from the calls themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from starlette.requests import Request
from starlette.responses import Response

import zoco
from zoco.core.ids import RepoType
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.hub_api.calls import Call, Query
from zoco.surfaces.hub_api.replies import json_reply

Json = dict[str, Any]  # Any: JSON

_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
_NAMES = {"ns": "namespace", "name": "repo", "T": "repoType", "user": "username", "org": "organization"}
_HELP = {
    "namespace": "a user or an organisation",
    "repo": "the repository's name; upper and lower case are the same",
    "repoType": "models, datasets or spaces",
    "rev": "a branch, a tag, a full ref name or a commit's id (7 digits or more), percent-encoded as one segment",
    "path": "a path inside the repository; may hold slashes",
}
_ERRORS = {
    "description": "What went wrong. `X-Error-Code` and `X-Error-Message` say it too, on HEAD they alone.",
    "headers": {
        "X-Error-Code": {"schema": {"type": "string"}},
        "X-Error-Message": {"schema": {"type": "string"}},
        "X-Request-Id": {"schema": {"type": "string"}},
    },
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
}
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object", "properties": {"message": {"type": "string"}}}},
        "url": {"type": "string"},
    },
}


def document(calls: Sequence[Call], later: Sequence[Call]) -> Json:
    """`later` are calls answered 501; they are listed as such."""
    schemas, components = _schemas([*calls, *later])
    paths: dict[str, Json] = {}
    taken: set[str] = set()
    for call in [*calls, *later]:
        for path in paths_of(call):
            operation = _operation(call, path, schemas, taken)
            if call in later:
                operation["responses"] = {"501": _ERRORS, "default": _ERRORS}
                operation["summary"] += " (not offered yet)"
            paths.setdefault(path, {})[call.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zoco",
            "version": zoco.__version__,
            "description": "The Hub's HTTP API as this server speaks it. git and LFS are described by their own"
            " specifications.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**components, "Error": _ERROR_SCHEMA},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def paths_of(call: Call) -> list[str]:
    """As OpenAPI writes them; files have one address for each type's prefix."""
    if "{T:prefix}" in call.path:
        variants = [call.path.replace("{T:prefix}", kind.prefix) for kind in RepoType]
    else:
        variants = [call.path]
    return [_PARAMETER.sub(lambda found: f"{{{_named(found[1])}}}", variant) for variant in variants]


def _named(parameter: str) -> str:
    return _NAMES.get(parameter, parameter)


def _operation(call: Call, path: str, schemas: dict[tuple[int, str], Json], taken: set[str]) -> Json:
    operation: Json = {
        "operationId": _unique(call.operation, taken),
        "summary": call.summary,
        "parameters": [*_in_path(path), *map(_in_query, call.query)],
        "responses": {str(call.status): _answer(call, schemas), "default": _ERRORS},
    }
    if call.body is not None:
        content = {call.body_media_type: {"schema": schemas[id(call), "validation"]}}
        operation["requestBody"] = {"content": content}
    return operation


def _unique(name: str, taken: set[str]) -> str:
    number, chosen = 2, name
    while chosen in taken:
        chosen, number = f"{name}{number}", number + 1
    taken.add(chosen)
    return chosen


def _answer(call: Call, schemas: dict[tuple[int, str], Json]) -> Json:
    answer: Json = {"description": "Done" if call.status == 204 else call.summary}
    if call.answer is not None:
        answer["content"] = {call.media_type: {"schema": schemas[id(call), "serialization"]}}
    elif call.status != 204:
        answer["content"] = {call.media_type: {"schema": {"type": "string"}}}
    if call.is_paged:
        answer["headers"] = {"Link": {"schema": {"type": "string"}, "description": 'the next page, rel="next"'}}
    return answer


def _in_path(path: str) -> list[Json]:
    found: list[Json] = []
    for name in re.findall(r"\{(\w+)\}", path):
        schema: Json = {"type": "string"}
        if name == "repoType":
            schema["enum"] = [kind.plural for kind in RepoType]
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
        if name in _HELP:
            found[-1]["description"] = _HELP[name]
    return found


def _in_query(query: Query) -> Json:
    schema: Json = {"type": query.type}
    if query.choices:
        schema["enum"] = list(query.choices)
    if query.many:
        schema = {"type": "array", "items": schema}
    return {"name": query.name, "in": "query", "description": query.help, "schema": schema}


def _schemas(calls: Iterable[Call]) -> tuple[dict[tuple[int, str], Json], Json]:
    """Of each call's body ("validation") and answer ("serialization"), and the named shapes that they share."""
    inputs: list[tuple[int, JsonSchemaMode, TypeAdapter[Any]]] = []
    for call in calls:
        if call.body is not None:
            inputs.append((id(call), "validation", TypeAdapter(call.body)))
        if call.answer is not None:
            inputs.append((id(call), "serialization", TypeAdapter(call.answer)))
    found, shared = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    return {(key, mode): schema for (key, mode), schema in found.items()}, shared.get("$defs", {})


async def openapi_document(request: Request) -> Response:
    return json_reply(_whole() | {"servers": [{"url": endpoint_of(request)}]})


@cache
def _whole() -> Json:
    from zoco.surfaces.hub_api.routes import calls, later  # the table lists this call too

    return document(calls, later)


calls = [Call("GET", "/.well-known/openapi.json", openapi_document, "This document", answer=dict[str, Any])]
