"""How is it found which cards name a repository? Each link is a row among the tags, where it is looked up by index."""

from __future__ import annotations

LINK = "\x1f"
"""Begins the tags that nobody sees. No tag of a card may hold it."""


def link_tag(link: str) -> str:
    """`link` as in `Card.links`."""
    return LINK + link


def tag_naming(kind: str, full_name: str) -> str:
    """The hidden tag of the cards that name this repository as a `kind` (model, dataset, base_model)."""
    return link_tag(f"{kind}:{full_name.lower()}")
