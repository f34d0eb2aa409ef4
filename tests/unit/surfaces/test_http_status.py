"""Each error has its status, and the headers that go with it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from tests.unit.surfaces.hub_api.callers import Api, text_file
from tests.unit.surfaces.hub_api.conftest import ana, client, hub

from zoco.core.errors import StoreFull, Unavailable
from zoco.surfaces.http_status import error_headers, status_of

__all__ = ["ana", "client", "hub"]


def test_a_full_store_is_not_worth_another_try() -> None:
    assert (status_of(StoreFull()), status_of(Unavailable("away"))) == (507, 503)
    assert "Retry-After" not in error_headers(StoreFull())
    assert error_headers(Unavailable("away"))["Retry-After"] == "2"


def test_wherever_the_disk_turns_out_to_be_full_it_is_told(ana: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every write is a store's: this one keeps a commit's file while the rest of it comes."""
    id = ana.repo()

    def full(*_arguments: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    answer = ana.commit(id, text_file("a.txt", "x" * 100_000))
    assert answer.status_code == 507
    assert "Ask its administrator to make room" in answer.json()["error"]


def test_other_failures_of_the_disk_are_ours(ana: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    id = ana.repo()

    def broken(*_arguments: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "write_bytes", broken)
    assert ana.commit(id, text_file("a.txt", "x" * 100_000)).status_code == 500
