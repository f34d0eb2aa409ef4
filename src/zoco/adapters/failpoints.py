"""Where a test kills the process: at a named point, as a power cut would. Free when the variable is not set."""

from __future__ import annotations

import os

_CHOSEN = os.environ.get("ZOCO_FAILPOINT", "")


def hit(name: str) -> None:
    """`ZOCO_FAILPOINT=<name>` ends the process here, without any tidying up."""
    if name == _CHOSEN:
        os._exit(137)
