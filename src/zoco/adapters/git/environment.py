"""In which environment does git run here? One where nobody's configuration, hooks or credentials reach it."""

from __future__ import annotations

import os
from pathlib import Path

# what a bare repository's own config file would say, so that no file has to be right
_CONFIG = (
    ("safe.directory", "*"),  # the cache may belong to another user than the one that reads it
    ("core.hooksPath", "/dev/null"),
    ("core.bigFileThreshold", "16m"),  # larger blobs are streamed, not loaded
    ("core.fsync", "none"),  # what is kept goes through a blob store, which syncs it
    ("gc.auto", "0"),
    ("pack.windowMemory", "128m"),
    ("pack.deltaCacheSize", "64m"),
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.allowTipSHA1InWant", "true"),
    ("uploadpack.allowReachableSHA1InWant", "true"),
    ("uploadpack.advertiseRefInWant", "false"),
)


def git_environment(bare: Path, objects: Path | None = None, protocol: str = "") -> dict[str, str]:
    """`objects`: a folder for new objects, which see those of `bare` behind them. `protocol`: the client's own word."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_DIR": str(bare),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",  # refs/replace/… is somebody's push: it must hide nothing from a walk
        "GIT_CONFIG_COUNT": str(len(_CONFIG)),
    }
    for number, (name, value) in enumerate(_CONFIG):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    if objects:
        environment["GIT_OBJECT_DIRECTORY"] = str(objects)
        environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(bare / "objects")
    if protocol:
        environment["GIT_PROTOCOL"] = protocol
    return environment
