"""Who is the caller, and what may their token do?"""

from __future__ import annotations

from typing import Any, NotRequired

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from zoco.hub.accounts.whoami import FineGrained, WhoAmI, whoami
from zoco.surfaces.hub_api.asked import signed_in
from zoco.surfaces.hub_api.calls import Call
from zoco.surfaces.hub_api.people import avatar_url
from zoco.surfaces.hub_api.replies import iso, json_reply
from zoco.surfaces.state import hub_of
from zoco.surfaces.threads import in_thread

OAUTH = "oauth"


class OrgOfMine(TypedDict):
    type: str
    id: str
    name: str
    fullname: str
    email: None
    canPay: bool
    periodEnd: None
    avatarUrl: str
    isEnterprise: bool
    roleInOrg: str


class AccessToken(TypedDict):
    displayName: str
    role: str
    createdAt: str
    fineGrained: NotRequired[dict[str, Any]]  # Any: lists of words


class Auth(TypedDict):
    type: str
    accessToken: NotRequired[AccessToken]
    expiresAt: NotRequired[str]


class Me(TypedDict):
    type: str
    id: str
    name: str
    fullname: str
    email: str | None
    emailVerified: bool
    canPay: bool
    isPro: bool
    periodEnd: None
    billingMode: str
    avatarUrl: str
    orgs: list[OrgOfMine]
    auth: Auth


async def who_am_i(request: Request) -> Response:
    me = await in_thread(whoami, hub_of(request).db, await signed_in(request))
    answer: Me = {
        "type": "user",
        "id": me.user.public_id,
        "name": me.user.name,
        "fullname": me.user.full_name or me.user.name,
        "email": me.user.email,
        "emailVerified": False,
        "canPay": False,
        "isPro": False,
        "periodEnd": None,
        "billingMode": "prepaid",
        "avatarUrl": avatar_url(request, me.user.name),
        "orgs": _orgs(request, me),
        "auth": _auth(me),
    }
    return json_reply(answer)


def _orgs(request: Request, me: WhoAmI) -> list[OrgOfMine]:
    return [
        {
            "type": "org",
            "id": org.public_id,
            "name": org.name,
            "fullname": org.full_name or org.name,
            "email": None,
            "canPay": False,
            "periodEnd": None,
            "avatarUrl": avatar_url(request, org.name),
            "isEnterprise": False,
            "roleInOrg": role.value,
        }
        for org, role in me.orgs
    ]


def _auth(me: WhoAmI) -> Auth:
    """Always with an access token: huggingface_hub's login reads its role and name without asking."""
    token = me.token
    if token is None:
        created = iso(me.user.created_at_ms)
        return {"type": "session", "accessToken": {"displayName": "browser", "role": "write", "createdAt": created}}
    shown: AccessToken = {
        "displayName": token.name,
        "role": token.role.value,
        "createdAt": iso(token.created_at_ms),
    }
    if me.fine_grained:
        shown["fineGrained"] = _fine_grained(me.fine_grained)
    auth: Auth = {"type": "oauth" if token.kind == OAUTH else "access_token", "accessToken": shown}
    if token.expires_at_ms is not None:
        auth["expiresAt"] = iso(token.expires_at_ms)
    return auth


def _fine_grained(fine: FineGrained) -> dict[str, Any]:  # Any: lists of words
    return {
        "canReadGatedRepos": "repo.content.read" in fine.global_permissions,
        "global": list(fine.global_permissions),
        "scoped": [
            {
                "entity": {"_id": scoped.public_id, "type": scoped.type, "name": scoped.name},
                "permissions": list(scoped.permissions),
            }
            for scoped in fine.scoped
        ],
    }


calls = [Call("GET", "/api/whoami-v2", who_am_i, "Who the caller is, and what their token may do", answer=Me)]
