"""Searching inside READMEs and the programs of Spaces: our own call, which the Hub has as a page only."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.hub.catalog.fulltext import PAGE_SIZE_MAX, RANKED_MAX, FoundText, full_text
from zoco.surfaces.context import actor_of
from zoco.surfaces.hub_api.asked import number, one_of
from zoco.surfaces.hub_api.calls import LIMIT, Call, Query
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.hub_api.search import TYPES
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_long_thread


class SnippetPiece(TypedDict):
    text: str
    isMatch: bool


class TextItem(TypedDict):
    type: str
    id: str
    path: str
    snippet: list[SnippetPiece]


class Texts(TypedDict):
    q: str
    total: int
    totalIsMore: bool
    hasNext: bool
    items: list[TextItem]


async def search_texts(request: Request) -> Response:
    text = request.query_params.get("q", "")
    kind = one_of(request, "type", TYPES)
    limit = number(request, "limit", default=20, least=1, most=PAGE_SIZE_MAX)
    skip = number(request, "skip", default=0, most=RANKED_MAX)
    actor = await actor_of(request)
    found = await in_long_thread(full_text, hub_of(request).db, actor, text, type=kind, limit=limit, skip=skip)
    answer: Texts = {
        "q": text,
        "total": found.total,
        "totalIsMore": found.is_more,
        "hasNext": found.has_next,
        "items": [_item(one) for one in found.items],
    }
    return json_reply(answer)


def _item(found: FoundText) -> TextItem:
    return {
        "type": found.id.type.value,
        "id": found.id.full_name,
        "path": found.path,
        "snippet": [{"text": piece.text, "isMatch": piece.is_match} for piece in found.snippet],
    }


calls = [
    Call(
        "GET",
        "/api/search/full-text",
        search_texts,
        "Repositories by the words of their README and, of Spaces, their program; with the passage (ours)",
        query=(
            Query("q", 'words that must all occur; "quoted" ones together; the last may be only begun'),
            Query("type", "one type", choices=tuple(TYPES)),
            LIMIT,
            Query("skip", "how many of the best to leave out", type="integer"),
        ),
        answer=Texts,
    ),
]
