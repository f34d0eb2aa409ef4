"""Users and organisations as the API shows them."""

from __future__ import annotations

from typing import Any, NotRequired
from urllib.parse import quote

from starlette.requests import Request
from typing_extensions import TypedDict

from zoco.surfaces.context import endpoint_of


class PersonItem(TypedDict):
    _id: str
    user: str
    fullname: str
    avatarUrl: str
    isPro: bool
    type: str
    role: NotRequired[str]


class OrgItem(TypedDict):
    id: str
    name: str
    fullname: str
    avatarUrl: str


def avatar_url(request: Request, name: str) -> str:
    return f"{endpoint_of(request)}/avatars/{quote(name)}"


def person_item(request: Request, public_id: str, name: str, full_name: str) -> PersonItem:
    return {
        "_id": public_id,
        "user": name,
        "fullname": full_name or name,
        "avatarUrl": avatar_url(request, name),
        "isPro": False,
        "type": "user",
    }


def page_of(items: list[Any], cursor: str | None, limit: int) -> tuple[list[Any], str | None]:  # Any: of any list
    """A page of a list that is short enough to be read whole; the cursor is a position in it."""
    start = int(cursor) if cursor and cursor.isdecimal() and len(cursor) < 10 else 0
    end = start + limit
    return items[start:end], str(end) if end < len(items) else None
