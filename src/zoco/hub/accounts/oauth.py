"""Signing in to a program by browser: OAuth 2.0 device flow (RFC 8628) and refresh tokens (RFC 6749, section 6).

`hf auth login` asks for a device code, shows its owner a short code to confirm in the browser, and meanwhile polls for
the tokens (huggingface_hub `utils/_oauth_device.py`). Refresh tokens rotate: each is good once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from zoco.adapters.clock import fresh_public_id, now_ms
from zoco.adapters.db.engine import Database, Write
from zoco.core.access import Access, Actor, TokenRole
from zoco.core.errors import Denied, Invalid, NotFound, Unavailable
from zoco.hub.accounts import audit
from zoco.hub.accounts.grants import Json
from zoco.hub.accounts.secrets import digest, fresh_key, fresh_token, hint_of
from zoco.hub.accounts.store import devices, tokens, users
from zoco.hub.accounts.store.devices import Device, Status

CLIENTS = {"26be6b09-91c5-47da-9861-d2d2bb7a7e36": "hf auth login"}
"""Programs that may ask: huggingface_hub's own id (`constants.DEVICE_CODE_OAUTH_CLIENT_ID`)."""

INTERVAL_S = 5
DEVICE_LIFETIME_S = 900
ACCESS_LIFETIME_S = 30 * 86_400
REFRESH_LIFETIME_S = 180 * 86_400
PENDING_MAX = 10_000
SCOPE_LENGTH_MAX = 1000
_SLACK_MS = 500  # a client that waits exactly the interval is not too fast
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628, 6.1: no vowels, so no words, and nothing that looks alike


class OAuthError(Invalid):
    """Answered as `{"error": code, "error_description": message}` with status 400."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True, slots=True)
class DeviceStart:
    device_code: str
    user_code: str
    expires_in_s: int
    interval_s: int


@dataclass(frozen=True, slots=True)
class PendingDevice:
    """What the consent page says."""

    user_code: str
    client_name: str
    scope: str
    access: Access
    """the most that the tokens will let the program do, in its owner's name"""


@dataclass(frozen=True, slots=True)
class Issued:
    access_token: str
    refresh_token: str
    expires_in_s: int
    scope: str


def start_device(db: Database, client_id: str, scope: str = "") -> DeviceStart:
    """Raises OAuthError, Unavailable (too many wait already)."""
    _check_client(client_id)
    if len(scope) > SCOPE_LENGTH_MAX or not scope.isprintable():
        raise OAuthError("invalid_scope", "The scope is too long, or not made of words.")
    code, user_code = fresh_key(), _fresh_user_code()
    with db.write() as write:
        devices.delete_expired(write, now_ms() - DEVICE_LIFETIME_S * 1000)
        if devices.count(write) >= PENDING_MAX:
            raise Unavailable("Too many devices wait for consent. Try again in a few minutes.")
        devices.add(write, digest(code), user_code, client_id, scope, now_ms() + DEVICE_LIFETIME_S * 1000)
    return DeviceStart(code, user_code, DEVICE_LIFETIME_S, INTERVAL_S)


def pending_device(db: Database, user_code: str) -> PendingDevice:
    """`user_code` as somebody typed it. Raises NotFound."""
    with db.read() as read:
        found = devices.by_user_code(read, normal_user_code(user_code))
    if found is None:
        raise _no_such_code()
    return PendingDevice(found.user_code, CLIENTS[found.client_id], found.scope, _access_in(found.scope))


def answer_device(db: Database, actor: Actor, user_code: str, approve: bool) -> None:
    """The owner's consent, or refusal. Raises NotFound, Denied (a token cannot consent to another token)."""
    if actor.token_id is not None:
        raise Denied("Consent is given in the browser: sign in there.")
    code = normal_user_code(user_code)
    status = Status.APPROVED if approve else Status.DENIED
    with db.write() as write:
        if not devices.answer(write, code, status, actor.user_id):
            raise _no_such_code()
        audit.record(write, actor, f"device.{'approve' if approve else 'deny'}", actor.name)


def poll_device(db: Database, client_id: str, device_code: str) -> Issued:
    """Raises OAuthError: authorization_pending, slow_down, access_denied, expired_token, invalid_grant."""
    _check_client(client_id)
    hashed = digest(device_code)
    with db.write() as write:
        found = devices.by_hash(write, hashed)
        answer = _answer_to(found, client_id)
        if answer is None and found is not None:
            devices.remove(write, hashed)
            return _issue(write, found)
        if found is not None:
            devices.polled(write, hashed, now_ms())
            if answer is not None and answer.code == "access_denied":
                devices.remove(write, hashed)
    assert answer is not None
    raise answer


def refresh(db: Database, client_id: str, refresh_token: str) -> Issued:
    """New tokens for a refresh token, which is used up. Raises OAuthError invalid_grant."""
    _check_client(client_id)
    with db.write() as write:
        found = tokens.take_refresh(write, digest(refresh_token), client_id)
        if found is not None:
            assert found.family, "made by _issue"
            return _give(write, found.user_id, client_id, found.role, found.grants, found.family)
    raise OAuthError("invalid_grant", "The refresh token is used, expired or revoked: log in again.")


def normal_user_code(typed: str) -> str:
    """`bcdf ghjk` and `BCDF-GHJK` are the same code."""
    letters = "".join(letter for letter in typed.upper() if letter in _LETTERS)[:8]
    return f"{letters[:4]}-{letters[4:]}"


def _answer_to(found: Device | None, client_id: str) -> OAuthError | None:
    """None: give the tokens."""
    if found is None or found.client_id != client_id:
        return OAuthError("invalid_grant", "This device code is unknown, or was used already.")
    if found.expires_at_ms <= now_ms():
        return OAuthError("expired_token", "The code was not confirmed in time: start again.")
    if found.status is Status.DENIED:
        return OAuthError("access_denied", "The sign-in was refused in the browser.")
    if found.status is Status.APPROVED and found.user_id is not None:
        return None
    if found.last_poll_at_ms is not None and now_ms() - found.last_poll_at_ms < INTERVAL_S * 1000 - _SLACK_MS:
        return OAuthError("slow_down", f"Ask every {INTERVAL_S} seconds, not more often.")
    return OAuthError("authorization_pending", "The code was not confirmed in the browser yet.")


def _issue(write: Write, device: Device) -> Issued:
    user = users.by_id(write, device.user_id or 0)
    if user is None or user.disabled_at_ms is not None:
        raise OAuthError("access_denied", "The account is closed.")
    role, grants = _rights(device.scope)
    issued = _give(write, user.id, device.client_id, role, grants, fresh_public_id(), scope=device.scope)
    audit.record(
        write, user.name, "token.create", CLIENTS[device.client_id], details={"role": role.value, "by": "device"}
    )
    return issued


def _give(
    write: Write, user_id: int, client_id: str, role: TokenRole, grants: Json | None, family: str, *, scope: str = ""
) -> Issued:
    access, again, now = fresh_token("hf_oauth_"), fresh_token("hf_refresh_"), now_ms()
    for secret, kind, lifetime_s in ((access, "oauth", ACCESS_LIFETIME_S), (again, "refresh", REFRESH_LIFETIME_S)):
        tokens.add(
            write,
            digest(secret),
            user_id=user_id,
            name=CLIENTS[client_id],
            role=role,
            hint=hint_of(secret),
            kind=kind,
            grants=grants,
            client_id=client_id,
            family=family,
            expires_at_ms=now + lifetime_s * 1000,
        )
    return Issued(access, again, ACCESS_LIFETIME_S, scope)


def _access_in(scope: str) -> Access:
    """Without a scope (as `hf auth login` asks) everything its owner may; the Hub's scope words say less."""
    words = set(scope.split())
    if not words or "manage-repos" in words:
        return Access.ADMIN
    if "write-repos" in words or "contribute-repos" in words:
        return Access.WRITE
    return Access.READ if "read-repos" in words else Access.NONE


def _rights(scope: str) -> tuple[TokenRole, Json | None]:
    match _access_in(scope):
        case Access.ADMIN:
            return TokenRole.WRITE, None
        case Access.WRITE:
            return TokenRole.FINE_GRAINED, {"everywhere": "write"}
        case Access.READ:
            return TokenRole.READ, None
        case _:
            return TokenRole.FINE_GRAINED, {}


def _check_client(client_id: str) -> None:
    if client_id not in CLIENTS:
        raise OAuthError("invalid_client", "This Hub does not know the program that asks (its client_id).")


def _fresh_user_code() -> str:
    return normal_user_code("".join(secrets.choice(_LETTERS) for _ in range(8)))


def _no_such_code() -> NotFound:
    return NotFound("There is no such code waiting. Codes last 15 minutes: look at the program's screen again.")
