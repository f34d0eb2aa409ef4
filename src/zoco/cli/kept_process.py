"""A child process that is there as long as we are: started again when it ends by itself, ended when we end."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from typing import Self

from zoco.adapters import logs

PAUSE_S = 5.0  # between two starts, so that a child that cannot start does not keep the machine busy
END_WITHIN_S = 30.0


class KeptProcess:
    """Use as a context manager. `pass_fds` are open in the child under the same numbers."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        pause_s: float = PAUSE_S,
        end_within_s: float = END_WITHIN_S,
    ) -> None:
        self._command = list(command)
        self._pass_fds = tuple(pass_fds)
        self._pause_s = pause_s
        self._end_within_s = end_within_s
        self._ending = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()  # a child is not started while we end
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ask_to_end()
        if self._child is not None:
            try:
                self._child.wait(self._end_within_s)
            except subprocess.TimeoutExpired:  # in a long job: it is run again after the next start
                self._child.kill()
                self._child.wait()
        self._keeper.join()

    def ask_to_end(self) -> None:
        """Does not wait: siblings can end together. Not needed before the end of the context."""
        self._ending.set()
        with self._lock:
            if self._child is not None:
                self._child.terminate()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._ending.is_set():
                    return
                self._child = subprocess.Popen(self._command, pass_fds=self._pass_fds)
            code = self._child.wait()
            if self._ending.is_set():
                return
            logs.error("child_ended", command=" ".join(self._command[-3:]), code=code, again_in_s=self._pause_s)
            self._ending.wait(self._pause_s)
