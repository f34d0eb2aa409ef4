"""Every package that is installed with Zoco has a licence that was looked at."""

from __future__ import annotations

import importlib.metadata
import re

from packaging.requirements import Requirement

REVIEWED = {
    "alembic": "MIT",
    "annotated-types": "MIT",
    "anyio": "MIT",
    "argon2-cffi": "MIT",
    "argon2-cffi-bindings": "MIT",
    "babel": "BSD",
    "blake3": "Apache",
    "brotli": "MIT",
    "cffi": "MIT",
    "click": "BSD",
    "cryptography": "Apache",
    "h11": "MIT",
    "httptools": "MIT",
    "idna": "BSD",
    "jinja2": "BSD",
    "jinja2-fragments": "MIT",
    "latex2mathml": "MIT",
    "lz4": "BSD",
    "mako": "MIT",
    "markdown-it-py": "MIT",
    "markupsafe": "BSD",
    "mdit-py-plugins": "MIT",
    "mdurl": "MIT",
    "nh3": "MIT",
    "numpy": "BSD",
    "obstore": "MIT",
    "pathspec": "MPL",
    "psycopg": "LGPL",
    "psycopg-binary": "LGPL",
    "pycparser": "BSD",
    "pydantic": "MIT",
    "pydantic-core": "MIT",
    "pygit2": "GPLv2 with linking exception",
    "pygments": "BSD",
    "pyroaring": "MIT",
    "python-multipart": "Apache",
    "pyyaml": "MIT",
    "rapidfuzz": "MIT",
    "sqlalchemy": "MIT",
    "starlette": "BSD",
    "typing-extensions": "PSF",
    "typing-inspection": "MIT",
    "uvicorn": "BSD",
    "uvloop": "MIT",
}


def closure(name: str, seen: dict[str, None]) -> dict[str, None]:
    for text in importlib.metadata.requires(name) or []:
        requirement = Requirement(text)
        key = re.sub(r"[-_.]+", "-", requirement.name).lower()
        extras = {"extra": "binary" if name == "psycopg" else ""}
        if (requirement.marker is None or requirement.marker.evaluate(extras)) and key not in seen:
            seen[key] = None
            closure(key, seen)
    return seen


def test_every_dependency_was_reviewed_and_none_is_gone() -> None:
    assert set(closure("zoco", {})) == set(REVIEWED)


def test_the_reviewed_licence_is_the_one_its_metadata_names() -> None:
    wrong = {}
    for name, licence in REVIEWED.items():
        facts = importlib.metadata.metadata(name)
        said = " ".join(
            [facts.get("License-Expression", ""), facts.get("License", "")[:200], *facts.get_all("Classifier", [])]
        )
        word = {
            "PSF": "PSF|Python Software",
            "GPLv2 with linking exception": "GPL",
            "MPL": "MPL|Mozilla",
            "LGPL": "LGPL|Lesser",
        }
        if not re.search(word.get(licence, licence), said, re.IGNORECASE):
            wrong[name] = said
    assert not wrong
