"""Is this card's metadata good? Asked before every commit of a README.md; needs no account."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from typing_extensions import TypedDict

from zoco.core.ids import RepoType
from zoco.formats.cards.validate import Verdict, validate
from zoco.surfaces.hub_api.bodies import Body, json_body
from zoco.surfaces.hub_api.calls import Call
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.threads import in_thread


class CardBody(Body):
    content: str
    repoType: Literal["model", "dataset", "space"] = "model"  # noqa: N815 - wire spelling


class CardRemark(TypedDict):
    message: str


class CardVerdict(TypedDict):
    errors: list[CardRemark]
    warnings: list[CardRemark]


async def validate_card(request: Request) -> Response:
    body = await json_body(request, CardBody, size_max=20_000_000)
    verdict = await in_thread(validate, body.content, RepoType(body.repoType))
    answer: CardVerdict = {
        "errors": [{"message": message} for message in verdict.errors],
        "warnings": [{"message": message} for message in verdict.warnings],
    }
    status = 400 if verdict.errors else 200
    if request.headers.get("accept", "").startswith("text/plain"):
        return PlainTextResponse(_as_text(verdict), status)
    return json_reply(answer, status)


def _as_text(verdict: Verdict) -> str:
    """What `ModelCard.validate` of huggingface_hub shows as it comes."""
    said = [*(f"- Error: {one}" for one in verdict.errors), *(f"- Warning: {one}" for one in verdict.warnings)]
    return "\n".join(said) or "ok"


calls = [
    Call(
        "POST",
        "/api/validate-yaml",
        validate_card,
        "Check a card's metadata: 200 with warnings, or 400 with errors",
        body=CardBody,
        answer=CardVerdict,
    ),
]
