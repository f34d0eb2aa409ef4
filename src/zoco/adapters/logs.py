"""The log: an event's name and its facts, one line each. Never a token, never a signed address."""

from __future__ import annotations

import logging
import sys

_logger = logging.getLogger("zoco")


def set_up(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    _logger.handlers = [handler]
    _logger.propagate = False
    _logger.setLevel(level.upper())


def adopt(library: str) -> None:
    """Errors of a library that logs go where ours go; what it says of strangers' mistakes does not."""
    theirs = logging.getLogger(library)
    theirs.parent = _logger
    theirs.setLevel(logging.ERROR)


def debug(event: str, **facts: object) -> None:
    _write(logging.DEBUG, event, facts)


def info(event: str, **facts: object) -> None:
    _write(logging.INFO, event, facts)


def warning(event: str, **facts: object) -> None:
    _write(logging.WARNING, event, facts)


def error(event: str, *, trace: BaseException | None = None, **facts: object) -> None:
    """A human must look."""
    _write(logging.ERROR, event, facts, trace)


def _write(level: int, event: str, facts: dict[str, object], trace: BaseException | None = None) -> None:
    if _logger.isEnabledFor(level):
        line = " ".join([event, *(f"{name}={_plain(value)}" for name, value in facts.items())])
        _logger.log(level, "%s", line, exc_info=trace)


def _plain(value: object) -> str:
    """Facts may hold what a stranger sent: no line breaks or control characters reach the log."""
    text = str(value)
    return text if text.isprintable() and " " not in text and text else repr(text)
