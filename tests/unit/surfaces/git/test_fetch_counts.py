"""Which requests of git are a download: those that want objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoco.surfaces.git.http import asks_for_objects


@pytest.mark.parametrize(
    ("body", "is_so"),
    [
        (b"0014command=ls-refs\n0001", False),
        (b"0018command=object-info0001", False),
        (b"0012command=fetch\n0001", True),
        (b"0011command=fetch0001", True),
        (b"0032want 0123456789012345678901234567890123456789\n", True),
        (Path("large"), True),
    ],
)
def test_a_question_about_refs_is_no_download(body: bytes | Path, is_so: bool) -> None:
    assert asks_for_objects(body) is is_so
