"""What is done again and again: each task is one row of the queue, so that of many workers one runs it at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Periodic:
    """Due `every_s` seconds after it last ended well; a failed run is tried again like any job.

    `on_each_node`: about this machine's own files, so every worker does it for itself, outside the queue.
    """

    name: str
    every_s: int
    run: Callable[[], None]
    on_each_node: bool = False
