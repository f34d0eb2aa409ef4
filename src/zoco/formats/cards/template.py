"""What does the card of a new repository say?"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from zoco.core.ids import RepoId, RepoType

_EMOJIS = "🚀🌱🔭🧭🎈🪁🧩🎨🔬🌍🐢🦉🐙🌻🍊💡"
_COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
APP_FILES = {"gradio": "app.py", "streamlit": "app.py", "static": "index.html", "docker": None}


def new_card(repo: RepoId, *, license: str | None, sdk: str | None) -> str | None:
    """README.md of the first commit: a Space always has one, the others when there is a licence to tell."""
    if repo.type is RepoType.SPACE:
        return _card(_space(repo.name, license, sdk or "gradio"), repo.name)
    return _card({"license": license}, repo.name) if license else None


def _space(name: str, license: str | None, sdk: str) -> dict[str, object]:
    number = sum(name.encode())  # some variety, and the same Space always looks the same
    facts: dict[str, object] = {
        "title": name.replace("-", " ").replace("_", " ").strip().capitalize() or name,
        "emoji": _EMOJIS[number % len(_EMOJIS)],
        "colorFrom": _COLORS[number % len(_COLORS)],
        "colorTo": _COLORS[(number + 1 + number % 5) % len(_COLORS)],
        "sdk": sdk,
    }
    if app_file := APP_FILES.get(sdk):
        facts["app_file"] = app_file
    facts["pinned"] = False
    return facts | ({"license": license} if license else {})


def _card(facts: Mapping[str, object], title: str) -> str:
    block = yaml.safe_dump(dict(facts), allow_unicode=True, sort_keys=False)
    return f"---\n{block}---\n\n# {title}\n"
