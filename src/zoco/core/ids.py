"""What things are called: repositories, namespaces, git objects, and which names may be taken."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Oid = NewType("Oid", str)
"""A git object id: 40 lowercase hex digits (SHA-1)."""

Sha256 = NewType("Sha256", str)
"""64 lowercase hex digits."""

NULL_OID = Oid("0" * 40)
EMPTY_TREE = Oid("4b825dc642cb6eb9a060e54bf8d69288fbee4904")

NAME_LENGTH_MAX = 96
_NAME = re.compile(r"[\w.-]+", re.ASCII)
_OID = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

RESERVED_NAMESPACES = frozenset(
    "models datasets spaces docs tasks blog papers posts collections organizations settings new new-dataset"
    " new-space new-collection login logout join search notifications oauth api static resolve avatars admin"
    " languages pricing chat join-org v2 healthz metrics favicon.ico robots.txt .well-known v1 xet hf-inference"
    " uploads learn styleguide setup kernels buckets assets datasets-server".split()
)
"""First path segments that belong to the Hub: nobody may be called so."""

RESERVED_REPO_NAMES = frozenset(
    "models datasets spaces collections likes activity members tree blob raw resolve commits commit discussions"
    " settings revision info".split()
)


class RepoType(StrEnum):
    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"

    @property
    def plural(self) -> str:
        """As in `/api/{plural}/…`."""
        return f"{self.value}s"

    @property
    def prefix(self) -> str:
        """As in `/{prefix}owner/name`: models live at the root."""
        return "" if self is RepoType.MODEL else f"{self.value}s/"


@dataclass(frozen=True, slots=True)
class RepoId:
    """`namespace` and `name` as someone wrote them; matching ignores case (`key`)."""

    type: RepoType
    namespace: str
    name: str

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Path of the repository's page without the leading slash: `owner/name`, `datasets/owner/name`."""
        return f"{self.type.prefix}{self.namespace}/{self.name}"

    def __str__(self) -> str:
        return self.path


def name_key(name: str) -> str:
    """What names are compared by."""
    return name.lower()


def is_oid(text: str) -> bool:
    return _OID.fullmatch(text) is not None


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def problem_with_repo_name(name: str) -> str | None:
    """Why a repository may not be called so, or None. The rules huggingface_hub checks (`validate_repo_id`)."""
    if problem := _problem_with_name(name):
        return problem
    if name_key(name) in RESERVED_REPO_NAMES:
        return f"'{name}' is reserved: choose another name"
    return None


def problem_with_namespace(name: str) -> str | None:
    """Why a user or an organisation may not be called so, or None."""
    if problem := _problem_with_name(name):
        return problem
    if name_key(name) in RESERVED_NAMESPACES:
        return f"'{name}' is reserved: choose another name"
    return None


def _problem_with_name(name: str) -> str | None:
    if not name:
        return "a name is needed"
    if len(name) > NAME_LENGTH_MAX:
        return f"a name has at most {NAME_LENGTH_MAX} characters"
    if not _NAME.fullmatch(name):
        return f"'{name[:NAME_LENGTH_MAX]}' must use only letters, digits, '-', '_' and '.'"
    if "--" in name or ".." in name:
        return f"'{name}' must not hold '--' or '..'"
    if name[0] in "-." or name[-1] in "-.":
        return f"'{name}' must not begin or end with '-' or '.'"
    if name_key(name).endswith((".git", ".ipynb")):
        return f"'{name}' must not end with '.git' or '.ipynb'"
    return None
