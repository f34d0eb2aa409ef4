"""Keys of this Hub: kept in SQL, sealed under one master key that is not in SQL.

The master key is `ZOCO_SECRET_KEY`, or the file DATA/secret.key (0600) of an embedded Hub. Sealed is AES-256-GCM under
HKDF-SHA256 of the master key, bound to the key's name.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from zoco.adapters.db.engine import Database
from zoco.hub.accounts.store import keys as store
from zoco.settings import Settings

FILE = "secret.key"
LENGTH_MIN = 32
SIGNING = "signing"
_FORM = "v1."
_NONCE_BYTES = 12


class MasterKeyProblem(ValueError):
    """The server must not start: says what to do."""


def master_key(settings: Settings) -> bytes:
    """Makes DATA/secret.key when an embedded Hub has none. Raises MasterKeyProblem."""
    if settings.secret_key:
        return _checked(settings.secret_key, "ZOCO_SECRET_KEY")
    if not settings.is_embedded:
        raise MasterKeyProblem(
            "ZOCO_SECRET_KEY is needed with ZOCO_DATABASE_URL, the same on every node: "
            f"for example {secrets.token_urlsafe(32)}"
        )
    file = settings.data / FILE
    try:
        if not file.exists():
            _create(file)
        return _checked(file.read_text("ascii").strip(), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise MasterKeyProblem(f"{file} cannot be read or written ({error}): it is the key of this Hub") from error


def read_master_key(settings: Settings) -> bytes | None:
    """As `master_key`, but None instead of making one."""
    if settings.is_embedded and not settings.secret_key and not (settings.data / FILE).exists():
        return None
    return master_key(settings)


def is_opened_by(db: Database, master: bytes) -> bool:
    """Whether this master key opens what the database holds."""
    with db.read() as read:
        sealed = store.find(read, SIGNING)
    try:
        return sealed is None or bool(unseal(master, SIGNING, sealed))
    except MasterKeyProblem:
        return False


def signing_key(db: Database, master: bytes) -> bytes:
    """32 bytes for HMAC-signed addresses, the same for every node and start. Raises MasterKeyProblem."""
    with db.read() as read:
        sealed = store.find(read, SIGNING)
    if sealed is None:
        with db.write() as write:
            store.add_if_absent(write, SIGNING, seal(master, SIGNING, secrets.token_bytes(32)))
            sealed = store.find(write, SIGNING)
        assert sealed is not None, "just written, by us or another node"
    return unseal(master, SIGNING, sealed)


def seal(master: bytes, name: str, value: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORM + base64.urlsafe_b64encode(nonce + _cipher(master).encrypt(nonce, value, name.encode())).decode()


def unseal(master: bytes, name: str, sealed: str) -> bytes:
    """Raises MasterKeyProblem when it was sealed under another master key."""
    try:
        if not sealed.startswith(_FORM):
            raise ValueError("unknown form")
        raw = base64.urlsafe_b64decode(sealed.removeprefix(_FORM))
        return _cipher(master).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], name.encode())
    except (InvalidTag, ValueError) as error:
        raise MasterKeyProblem(
            f"The key '{name}' in the database was sealed under another master key: "
            f"start with the ZOCO_SECRET_KEY (or DATA/{FILE}) that this database was made with"
        ) from error


def _cipher(master: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"zoco keyring v1").derive(master))


def _checked(text: str, where: str) -> bytes:
    if len(text) < LENGTH_MIN:
        raise MasterKeyProblem(f"{where} is too short: a master key has at least {LENGTH_MIN} characters")
    return text.encode("utf-8", "surrogateescape")


def _create(file: Path) -> None:
    """Whole or not at all, and never over another's: of two processes that start at once one wins."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as out:
            out.write(secrets.token_urlsafe(48) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
