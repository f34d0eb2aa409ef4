"""What an operator can choose. Read once, by `app.py` and the commands; a room receives its slice."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints


def setting(default: Any, help: str) -> Any:  # Any: dataclasses.field returns whatever the annotation says
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every field: `ZOCO_<FIELD>` in the environment, or the field's name in `DATA/zoco.toml`; the environment wins."""

    data: Path = setting(Path("data"), "folder for everything the Hub keeps on this machine")
    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(7860, "port to listen on")
    workers: int = setting(0, "web worker processes; 0 means one for each core")
    public_url: str = setting("", "address the Hub is reached at; empty means as each request says (Host header)")
    site_name: str = setting("Zoco", "name shown on the pages")
    database_url: str = setting("", "postgresql://… ; empty means SQLite in the data folder")
    storage_url: str = setting("", "s3://bucket/prefix ; empty means the data folder")
    storage_endpoint: str = setting("", "address of an S3-compatible server other than AWS")
    storage_access_key: str = setting("", "access key of the object store")
    storage_secret_key: str = setting("", "secret key of the object store")
    storage_region: str = setting("us-east-1", "region of the object store")
    direct_transfers: str = setting("on", "on: clients reach the S3 store themselves, large files go straight; or off")
    secret_key: str = setting("", "master key for signing and sealing; empty means DATA/secret.key")
    trusted_proxies: str = setting("127.0.0.1", "addresses whose X-Forwarded-* headers are believed, comma separated")
    sign_up: str = setting("", "open or closed; empty means open on loopback, closed elsewhere")
    threads: int = setting(4, "threads for database and git work in each web worker")
    regular_file_size_max_bytes: int = setting(10_000_000, "largest file that git itself holds; bigger ones go by LFS")
    commit_size_max_bytes: int = setting(512_000_000, "largest body of one commit by the API")
    lfs_file_size_max_bytes: int = setting(500_000_000_000, "largest LFS file")
    lfs_multipart_size_min_bytes: int = setting(
        500_000_000, "LFS files from here on come in parts, from clients that can"
    )
    lfs_answer_within_s: int = setting(20, "seconds until who waits for the check of an upload is told to ask again")
    push_size_max_bytes: int = setting(20_000_000_000, "largest pack a git push may send")
    cache_size_max_bytes: int = setting(50_000_000_000, "disk for the cache of bare repositories; the oldest go first")
    packs_before_consolidation: int = setting(50, "packs a repository may gather before a job joins them")
    gc_grace_hours: int = setting(48, "hours that unreferenced objects are kept")
    signed_url_lifetime_s: int = setting(3600, "seconds a signed upload or download address is good for")
    xet_token_lifetime_s: int = setting(3600, "seconds a token for the Xet store is good for")
    xet_dedup_scope: str = setting(
        "readable", "where uploads look for chunks that need not be sent: readable, instance, repo or off"
    )
    session_days: int = setting(30, "days a browser stays signed in")
    rate_limit_api: int = setting(100_000, "API requests in five minutes for each token or address; 0 means no limit")
    rate_limit_resolvers: int = setting(500_000, "file requests in five minutes, likewise")
    rate_limit_pages: int = setting(50_000, "page requests in five minutes, likewise")
    rate_limit_sign_in: int = setting(300, "wrong passwords in five minutes for an account and address")
    remote_images: str = setting("allow", "pictures of other hosts in cards: allow or block")
    log_level: str = setting("info", "debug, info, warning or error")

    @property
    def is_embedded(self) -> bool:
        return not self.database_url

    @property
    def sign_up_is_open(self) -> bool:
        """Unless the operator decided: only where nobody but this machine's own users can reach the Hub."""
        return self.sign_up == "open" or (not self.sign_up and _is_loopback(self.host))


def load(data: Path | None = None, environ: Mapping[str, str] | None = None, **chosen: Any) -> Settings:
    """Defaults, then `DATA/zoco.toml`, then `ZOCO_*`, then `chosen` (the command line; None means not given).

    Raises ValueError naming the setting that is unknown or has a wrong value.
    """
    env = os.environ if environ is None else environ
    folder = data or Path(env.get("ZOCO_DATA", "data"))
    values: dict[str, Any] = {}
    file = folder / "zoco.toml"
    if file.exists():
        values.update(tomllib.loads(file.read_text("utf-8")))
    names = {f.name: f for f in fields(Settings)}
    for name in names:
        if (text := env.get(f"ZOCO_{name.upper()}")) is not None:
            values[name] = text
    values.update({name: value for name, value in chosen.items() if value is not None})
    values["data"] = folder.absolute()
    if unknown := sorted(set(values) - set(names)):
        raise ValueError(f"unknown setting {unknown[0]!r} in {file}")
    types = get_type_hints(Settings)
    return Settings(**{name: _converted(names[name], types[name], value) for name, value in values.items()})


def as_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the settings, for child processes, which read it."""
    values = {f.name: getattr(settings, f.name) for f in fields(Settings)}
    return {**os.environ, **{f"ZOCO_{name.upper()}": str(value) for name, value in values.items()}}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _converted(of: Field[Any], kind: type, value: Any) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"setting {of.name} must be {kind.__name__}, not {value!r}") from error
