from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from zoco.adapters import logs


@pytest.fixture
def library() -> Iterator[logging.Logger]:
    yield logging.getLogger("some_library.inner")
    logging.getLogger("zoco").handlers = []


def test_a_librarys_errors_come_in_our_log_and_its_chatter_does_not(
    library: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up("info")
    logs.adopt("some_library")
    library.warning("a stranger's mistake")
    library.error("broken")
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("ERROR broken")
