"""What is each task, in the visitor's language? Read from `content/tasks` when the first page asks for it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zoco.surfaces.web.i18n import SOURCE_LANGUAGE

TEXTS = Path(__file__).parent / "content/tasks"


@dataclass(frozen=True, slots=True)
class TaskText:
    """`uses` are examples of what it is for; `input` and `output` what goes in and what comes out."""

    what: str
    uses: tuple[str, ...]
    input: str
    output: str


def text_of_task(language: str, task: str) -> TaskText | None:
    return texts_of(language).get(task) or texts_of(SOURCE_LANGUAGE).get(task)


@cache
def texts_of(language: str) -> Mapping[str, TaskText]:
    """Empty for a language nobody has written them in."""
    file = TEXTS / f"{language}.toml"
    if not file.exists():
        return {}
    tables = tomllib.loads(file.read_text("utf-8"))
    return {
        task: TaskText(text["what"], tuple(text["uses"]), text["input"], text["output"])
        for task, text in tables.items()
    }
