"""What is known of tasks, libraries, languages and quantisations: JSON that tools/gen_tasks.mjs wrote, read when asked.

Ids, names and relations as the npm packages @huggingface/tasks and @huggingface/languages publish them (MIT); each file
names its package and version. What the Hub adds of its own stands in the modules that read these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

Facts = Mapping[str, Any]  # Any: the tables of one file, each known to the module that reads it


def facts(name: str) -> Facts:
    """The tables of `name`.json. Parsed anew at each call: whoever needs them again keeps what it made of them."""
    found: Facts = json.loads(resources.files(__name__).joinpath(f"{name}.json").read_text("utf-8"))
    return found
