"""OAuth for programs without a browser of their own (RFC 8628), and fresh tokens for old ones (RFC 6749 §6).

Errors are JSON of OAuth's own form, always with status 400: clients read `error` and go on polling, or stop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.core.errors import HubError, Invalid
from zoco.hub.accounts.oauth import Issued, OAuthError, poll_device, refresh, start_device
from zoco.surfaces.context import endpoint_of
from zoco.surfaces.http_status import error_headers
from zoco.surfaces.hub_api.bodies import Body, Text, form_or_json_body
from zoco.surfaces.hub_api.calls import Call
from zoco.surfaces.hub_api.replies import json_reply
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name, not a secret
CONSENT_PAGE = "/oauth/device"
NOT_CACHED = {"Cache-Control": "no-store"}


class DeviceBody(Body):
    client_id: Text = ""
    scope: Text = ""


class TokenBody(Body):
    grant_type: Text = ""
    client_id: Text = ""
    device_code: Text = ""
    refresh_token: Text = ""


class DeviceAnswer(TypedDict):
    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class TokenAnswer(TypedDict):
    access_token: str
    refresh_token: NotRequired[str]
    token_type: str
    expires_in: int
    scope: NotRequired[str]


def _speaking_oauth(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except OAuthError as error:
            return _refusal(error.code or "invalid_request", error)
        except Invalid as error:
            return _refusal("invalid_request", error)

    answer.__name__ = handler.__name__
    return answer


@_speaking_oauth
async def start_device_login(request: Request) -> Response:
    body = await form_or_json_body(request, DeviceBody)
    start = await in_thread(start_device, hub_of(request).db, body.client_id, body.scope)
    page = f"{endpoint_of(request)}{CONSENT_PAGE}"
    answer: DeviceAnswer = {
        "device_code": start.device_code,
        "user_code": start.user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={start.user_code}",
        "expires_in": start.expires_in_s,
        "interval": start.interval_s,
    }
    return json_reply(answer, headers=NOT_CACHED)


@_speaking_oauth
async def give_token(request: Request) -> Response:
    body = await form_or_json_body(request, TokenBody)
    db = hub_of(request).db
    if body.grant_type == DEVICE_CODE:
        return _tokens(await in_thread(poll_device, db, body.client_id, body.device_code))
    if body.grant_type == "refresh_token":
        return _tokens(await in_thread(refresh, db, body.client_id, body.refresh_token))
    if body.grant_type == TOKEN_EXCHANGE:
        raise OAuthError("unsupported_grant_type", "This Hub exchanges no tokens of other services: use a Hub token")
    raise OAuthError("unsupported_grant_type", f"grant_type must be {DEVICE_CODE} or refresh_token")


def _tokens(issued: Issued) -> Response:
    answer: TokenAnswer = {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in_s,
    }
    if issued.scope:
        answer["scope"] = issued.scope
    return json_reply(answer, headers=NOT_CACHED)


def _refusal(code: str, error: HubError) -> Response:
    return json_reply({"error": code, "error_description": error.message}, 400, {**error_headers(error), **NOT_CACHED})


calls = [
    Call(
        "POST",
        "/oauth/device",
        start_device_login,
        "Begin a login whose consent is given in a browser",
        body=DeviceBody,
        body_media_type="application/x-www-form-urlencoded",
        answer=DeviceAnswer,
    ),
    Call(
        "POST",
        "/oauth/token",
        give_token,
        "Tokens for a device code that was approved, or for a refresh token",
        body=TokenBody,
        body_media_type="application/x-www-form-urlencoded",
        answer=TokenAnswer,
    ),
]
