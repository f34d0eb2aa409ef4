from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from zoco.cli.kept_process import KeptProcess

CHILD = """
import os, signal, sys, time
out = os.open(sys.argv[1], os.O_WRONLY)
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(out, f"{os.getpid()}\\n".encode())
time.sleep(600)
"""


@pytest.fixture
def births(tmp_path: Path) -> Path:
    """A pipe on which each child says its process id."""
    pipe = tmp_path / "births"
    os.mkfifo(pipe)
    return pipe


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("manner", ["polite", "stubborn"])
def test_a_child_that_dies_is_replaced_and_the_last_one_ends_with_us(births: Path, manner: str) -> None:
    command = [sys.executable, "-c", CHILD, str(births), manner]
    with (
        KeptProcess(command, pause_s=0.01, end_within_s=0.5),
        os.fdopen(os.open(births, os.O_RDWR), "rb", buffering=0) as said,
    ):
        first = int(said.readline())
        os.kill(first, signal.SIGKILL)
        second = int(said.readline())
        assert first != second
        assert is_alive(second)
    assert not is_alive(first)
    assert not is_alive(second)


def test_ending_during_a_pause_starts_no_other(tmp_path: Path) -> None:
    began = threading.Event()
    marks = tmp_path / "marks"
    with KeptProcess([sys.executable, "-c", f"open({str(marks)!r}, 'a').write('x')"], pause_s=600):
        while not began.is_set():
            if marks.exists() and marks.read_text():
                began.set()
    assert marks.read_text() == "x"


def test_a_child_has_the_descriptors_it_was_given_and_siblings_can_end_together(births: Path) -> None:
    with os.fdopen(os.open(births, os.O_RDWR), "r+b", buffering=0) as said:
        command = [sys.executable, "-c", CHILD, f"/dev/fd/{said.fileno()}", "polite"]
        with (
            KeptProcess(command, pass_fds=[said.fileno()]) as one,
            KeptProcess(command, pass_fds=[said.fileno()]) as other,
        ):
            pids = [int(said.readline()) for _ in range(2)]
            for child in (one, other):
                child.ask_to_end()
    assert not any(map(is_alive, pids))
