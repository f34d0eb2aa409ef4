"""Every table, by the room that owns it: only that room's `store` queries it.

Times are UTC milliseconds. `key` columns are what names are compared by (lower case). The numbered files in
`migrations/` build the same; a house test compares.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    event,
    false,
    text,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from zoco.adapters.db import full_text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rows up only in an INTEGER PRIMARY KEY
Json = JSON().with_variant(JSONB, "postgresql")


def _id() -> Column[int]:
    """Its tables say `sqlite_autoincrement`: SQLite would give the id of a deleted last row to the next one, while
    folders, jobs and signed addresses still mean the old one."""
    return Column("id", Big, primary_key=True)


def _to(
    name: str, target: str, *, primary_key: bool = False, nullable: bool = False, index: bool = False
) -> Column[int]:
    """A reference that goes when its target goes; a nullable one is emptied instead."""
    then = "SET NULL" if nullable else "CASCADE"
    return Column(name, Big, ForeignKey(target, ondelete=then), primary_key=primary_key, nullable=nullable, index=index)


# --- hub/accounts -------------------------------------------------------------------------------------------------

namespace = Table(
    "namespace",
    metadata,
    _id(),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("name", String(96), nullable=False),
    Column("name_key", String(96), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # user, org, alias
    Column("created_at", Big, nullable=False),
    sqlite_autoincrement=True,
)

user = Table(
    "user_account",
    metadata,
    Column("id", Big, ForeignKey("namespace.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("full_name", String(200), nullable=False, default=""),
    Column("email", String(320)),
    Column("email_key", String(320), unique=True),
    Column("password_hash", Text),
    Column("is_admin", Boolean, nullable=False, default=False),
    Column("language", String(8)),
    Column("theme", String(8)),
    Column("bio", Text, nullable=False, default=""),
    Column("disabled_at", Big),
)

org = Table(
    "org",
    metadata,
    Column("id", Big, ForeignKey("namespace.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("full_name", String(200), nullable=False, default=""),
    Column("details", Text, nullable=False, default=""),
    Column("default_visibility", String(8), nullable=False, default="public"),
)

member = Table(
    "member",
    metadata,
    _to("org_id", "org.id", primary_key=True),
    _to("user_id", "user_account.id", primary_key=True, index=True),
    Column("role", String(12), nullable=False),
    Column("created_at", Big, nullable=False),
)

token = Table(
    "token",
    metadata,
    _id(),
    _to("user_id", "user_account.id", index=True),
    Column("name", String(200), nullable=False),
    Column("role", String(12), nullable=False),
    Column("kind", String(8), nullable=False, default="access"),  # access, oauth, refresh
    Column("hash", String(64), nullable=False, unique=True),
    Column("hint", String(12), nullable=False),  # first and last characters, for its owner to recognise
    Column("grants", Json),
    Column("client_id", String(200)),
    Column("family", String(24), index=True),  # tokens that one OAuth sign-in gave: they go together
    Column("created_at", Big, nullable=False),
    Column("expires_at", Big),
    Column("last_used_at", Big),
    sqlite_autoincrement=True,
)

session = Table(
    "session",
    metadata,
    _id(),
    Column("hash", String(64), nullable=False, unique=True),
    _to("user_id", "user_account.id", index=True),
    Column("csrf", String(64), nullable=False),
    Column("user_agent", String(400), nullable=False, default=""),
    Column("address", String(64), nullable=False, default=""),
    Column("created_at", Big, nullable=False),
    Column("expires_at", Big, nullable=False),
    Column("last_seen_at", Big, nullable=False),
    sqlite_autoincrement=True,
)

one_time_link = Table(
    "one_time_link",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("purpose", String(16), nullable=False),  # setup, password
    _to("user_id", "user_account.id", nullable=True),
    Column("expires_at", Big, nullable=False),
)

device_code = Table(
    "device_code",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("user_code", String(16), nullable=False, unique=True),
    Column("client_id", String(200), nullable=False),
    Column("scope", Text, nullable=False, default=""),
    Column("status", String(12), nullable=False),  # pending, approved, denied
    _to("user_id", "user_account.id", nullable=True),
    Column("expires_at", Big, nullable=False),
    Column("last_poll_at", Big),
)

audit = Table(
    "audit",
    metadata,
    _id(),
    Column("at", Big, nullable=False, index=True),
    Column("actor", String(96)),
    Column("action", String(64), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("address", String(64)),
    Column("details", Json),
    sqlite_autoincrement=True,
)

keyring = Table(
    "keyring",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("created_at", Big, nullable=False),
)

# --- hub/repos ----------------------------------------------------------------------------------------------------

repo = Table(
    "repo",
    metadata,
    _id(),
    Column("public_id", String(24), nullable=False, unique=True),
    Column("type", String(8), nullable=False),
    _to("namespace_id", "namespace.id"),
    Column("name", String(96), nullable=False),
    Column("name_key", String(96), nullable=False),
    Column("visibility", String(8), nullable=False),
    Column("gated", String(8), nullable=False, default="open"),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("default_branch", String(255), nullable=False, default="main"),
    Column("version", Big, nullable=False, default=1),
    Column("prune_epoch", Integer, nullable=False, default=0),
    Column("next_number", Integer, nullable=False, default=1),  # discussions and pull requests share it
    _to("creator_id", "user_account.id", nullable=True),
    Column("sdk", String(16)),  # of a Space
    Column("settings", Json),  # small facts only the API echoes
    Column("likes", Integer, nullable=False, default=0),
    Column("downloads", Big, nullable=False, default=0),  # last 30 days
    Column("downloads_all_time", Big, nullable=False, default=0),
    Column("trending", Big, nullable=False, server_default=text("0")),  # hub/catalog/trending.py computes it
    Column("used_storage", Big, nullable=False, default=0),
    Column("created_at", Big, nullable=False),
    Column("updated_at", Big, nullable=False),
    Unique("type", "namespace_id", "name_key"),
    Index("ix_repo_namespace_id", "namespace_id"),
    Index("ix_repo_with_trending", "id", sqlite_where=text("trending <> 0"), postgresql_where=text("trending <> 0")),
    sqlite_autoincrement=True,
)

redirect = Table(
    "redirect",
    metadata,
    Column("type", String(8), primary_key=True),
    Column("full_key", String(200), primary_key=True),  # namespace/name in lower case, or a one-word alias
    Column("kind", String(8), nullable=False),  # renamed, alias
    _to("repo_id", "repo.id", index=True),
)

ref = Table(
    "ref",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("name", String(1024), primary_key=True),  # refs/heads/main
    Column("oid", String(40), nullable=False),
    Column("peeled", String(40), nullable=False),  # the commit, where oid is an annotated tag
)

pack = Table(
    "pack",
    metadata,
    Column("uuid", String(32), primary_key=True),
    _to("repo_id", "repo.id", index=True),
    Column("checksum", String(40), nullable=False),  # names the files inside a bare repository
    Column("size", Big, nullable=False),
    Column("objects", Integer, nullable=False),
    Column("created_at", Big, nullable=False),
    Column("retired_at", Big),
)

ref_log = Table(
    "ref_log",
    metadata,
    _id(),
    _to("repo_id", "repo.id", index=True),
    Column("at", Big, nullable=False),
    Column("ref", String(1024), nullable=False),
    Column("old", String(40)),
    Column("new", String(40)),
    _to("user_id", "user_account.id", nullable=True),
    Column("via", String(8), nullable=False),  # git, api, web
    sqlite_autoincrement=True,
)

last_commits = Table(
    "last_commits",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("commit_oid", String(40), primary_key=True),
    Column("folder_hash", String(64), primary_key=True),  # sha256 of the path: any length of path fits
    Column("entries", Json, nullable=False),  # name -> commit oid
    Column("created_at", Big, nullable=False),
)

download_day = Table(
    "download_day",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970
    Column("count", Integer, nullable=False),
)

# objects in the store that nothing names any more, kept until `delete_at`
doomed_object = Table(
    "doomed_object",
    metadata,
    Column("key", String(300), primary_key=True),
    Column("delete_at", Big, nullable=False, index=True),
    # found in the store without a row: it may belong to an upload that is just ending
    Column("is_stray", Boolean, nullable=False, server_default=false()),
)

# --- hub/xet ------------------------------------------------------------------------------------------------------
# hashes in their wire form: 64 hex digits. Long columns come last: SQLite reads a row up to the column it needs.

xet_xorb = Table(
    "xet_xorb",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("key", String(300), nullable=False, index=True),
    Column("size", Big, nullable=False),  # as stored
    Column("raw_size", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    Column("touched_at", Big, nullable=False),  # last upload, dedup answer or file that counts on it
    Column("dead_at", Big, index=True),  # no file uses it: clients are led away from it, and then it goes
    Column("chunks", LargeBinary, nullable=False),  # hash, stored end, raw end and scheme of each (formats/xet/xorb.py)
)

xet_file = Table(
    "xet_file",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),  # proven by reassembly
    Column("size", Big, nullable=False),
    Column("created_at", Big, nullable=False),
    Column("touched_at", Big, nullable=False),
    Column("terms", LargeBinary, nullable=False),  # xorb and chunk range of each (formats/xet/shard.py)
)

xet_file_xorb = Table(
    "xet_file_xorb",
    metadata,
    Column("file_hash", String(64), ForeignKey("xet_file.hash", ondelete="CASCADE"), primary_key=True),
    Column("xorb_hash", String(64), ForeignKey("xet_xorb.hash"), primary_key=True, index=True),
)

# chunks that a client may ask for: the first of each file, and about one in a thousand of the others
xet_dedup = Table(
    "xet_dedup",
    metadata,
    Column("chunk_hash", String(64), primary_key=True),
    Column("xorb_hash", String(64), ForeignKey("xet_xorb.hash", ondelete="CASCADE"), primary_key=True, index=True),
)

xet_instance = Table(
    "xet_instance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: there is one row
    Column("name", String(16), nullable=False),
    Column("generation", Integer, nullable=False),
)

# --- hub/lfs ------------------------------------------------------------------------------------------------------

lfs_object = Table(
    "lfs_object",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Big, nullable=False),
    Column("key", String(300), nullable=False, index=True),  # empty when the bytes rest in Xet
    Column("xet_hash", String(64), ForeignKey("xet_file.hash"), index=True),
    Column("created_at", Big, nullable=False),
)

lfs_link = Table(
    "lfs_link",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("sha256", String(64), ForeignKey("lfs_object.sha256"), primary_key=True, index=True),
    Column("size", Big, nullable=False),
    _to("user_id", "user_account.id", nullable=True),
    Column("created_at", Big, nullable=False),
    # last time somebody was told that it is here, from the first on; 0 in rows older than the column
    Column("touched_at", Big, nullable=False, server_default=text("0")),
    Index("ix_lfs_link_repo_id_touched_at", "repo_id", "touched_at"),
)

lfs_lock = Table(
    "lfs_lock",
    metadata,
    _id(),
    _to("repo_id", "repo.id"),
    Column("path_hash", String(64), nullable=False),  # sha256: any length of path fits
    Column("path", Text, nullable=False),
    Column("ref", String(1024)),
    _to("user_id", "user_account.id", index=True),
    Column("locked_at", Big, nullable=False),
    Unique("repo_id", "path_hash"),
    sqlite_autoincrement=True,
)

# an upload in parts, until it is complete or given up
lfs_multipart = Table(
    "lfs_multipart",
    metadata,
    Column("uuid", String(32), primary_key=True),
    _to("repo_id", "repo.id", index=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Big, nullable=False),
    Column("part_size", Big, nullable=False),
    Column("key", String(300), nullable=False),
    Column("upload_id", Text),  # the store's own name for it
    Column("created_at", Big, nullable=False, index=True),
)

# the version at which garbage collection compared a repository's links with its history; links that were touched
# until `at` were old enough then
lfs_compared = Table(
    "lfs_compared",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("version", Big, nullable=False),
    Column("at", Big, nullable=False),
)

# --- hub/cards ----------------------------------------------------------------------------------------------------

card = Table(
    "card",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("commit_oid", String(40), nullable=False),
    Column("data", Json, nullable=False),  # the front matter
    Column("problem", Text),  # why the front matter could not be read
    Column("pipeline_tag", String(64)),
    Column("library_name", String(64)),
    Column("license", String(64)),
    Column("description", Text, nullable=False, default=""),
    Column("config", Json),  # the parts of config.json that the API shows
    Column("weights", Json),  # parameters by dtype, where the safetensors headers tell
    Column("gguf", Json),  # what the header of a GGUF file tells, as the API shows it
    Column("eval_results", Json),  # of .eval_results/*.yaml, likewise
    Column("parameters", Big),  # how many in all, by either kind of header
    Column("tags", Json, nullable=False, server_default=text("'[]'")),  # [kind, value] of each (formats/cards/tags.py)
    Column("links", Json, nullable=False, server_default=text("'[]'")),  # kind:owner/name of what the card names
    # which rules read it (hub/cards/reading.py): older ones are read again by a job
    Column("rules", Integer, nullable=False, server_default=text("0")),
    Index("ix_card_rules_repo_id", "rules", "repo_id"),
)

# What is searched: SQLite by an index beside the table (full_text.py), PostgreSQL by the column `words`
card_text = Table(
    "card_text",
    metadata,
    _to("repo_id", "repo.id", primary_key=True),
    Column("prose", Text, nullable=False),  # of the README, without markup
    Column("program", Text, nullable=False),  # of a Space
    Column("program_path", Text, nullable=False),
    Column("words", Text().with_variant(TSVECTOR, "postgresql")),
    Index("ix_card_text_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
)
event.listen(card_text, "after_create", full_text.build)

# --- hub/catalog --------------------------------------------------------------------------------------------------

# what lists must look at again, in the order it was committed (adapters/db/changes.py)
change = Table(
    "change",
    metadata,
    Column("seq", Big, primary_key=True, autoincrement=True),
    Column("repo_id", Big, nullable=False),  # no foreign key: the repository may be gone
    Column("kind", Integer, nullable=False),
    Column("at", Big, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# --- hub/community ------------------------------------------------------------------------------------------------

like = Table(
    "repo_like",
    metadata,
    _to("user_id", "user_account.id", primary_key=True),
    _to("repo_id", "repo.id", primary_key=True, index=True),
    Column("created_at", Big, nullable=False),
)

# --- jobs ---------------------------------------------------------------------------------------------------------

job = Table(
    "job",
    metadata,
    _id(),
    Column("handler", String(64), nullable=False),
    Column("idempotency_key", String(300), unique=True),
    # jobs of one repository and handler run in order; no foreign key, because the repository may be gone
    Column("repo_key", Big, index=True),
    Column("payload", Json, nullable=False),
    Column("run_at", Big, nullable=False),
    Column("lease_until", Big),
    Column("lease_holder", String(64)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("failed_at", Big),  # gave up: a human must look
    Column("created_at", Big, nullable=False),
    Index("ix_job_run_at", "run_at"),
    sqlite_autoincrement=True,
)
