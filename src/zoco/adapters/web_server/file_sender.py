"""How do the bytes of a file reach a client without passing through this process? By the kernel's sendfile(2)."""

from __future__ import annotations

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor

import anyio

STEP_BYTES = 512 << 10
"""Sent in one turn of the event loop, some 0.1 ms: then it is another connection's turn."""

DISK_STEP_BYTES = 4 << 20
"""Sent by a thread at a time; a socket's buffer holds hardly more."""

AHEAD_BYTES = 16 << 20
DISK_THREADS = 8

_AT_ONCE_OR_NOT = getattr(os, "RWF_NOWAIT", None)  # Linux; elsewhere every step is a thread's
_OF_THE_NETWORK = {errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}
_NO_SENDFILE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}  # some file systems of user space
_byte = bytearray(1)
_disk = ThreadPoolExecutor(DISK_THREADS, "zoco-disk")


class FileSender:
    """Parts of files, one after the other, into one socket that has sent all its own bytes.

    While the client does not read, no thread waits and no byte is kept. What the page cache lacks is fetched and sent
    by a thread, so that a slow disk holds up one download and no other request.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, socket: int) -> None:
        self._loop = loop
        self._to = os.dup(socket)  # a loop lets nobody else watch a transport's own
        self._wake: asyncio.Future[None] | None = None
        self._is_watched = False
        self._is_lost = False
        self._sent_in_turn = 0

    async def send(self, file: int, offset: int, count: int) -> None:
        """Raises ConnectionError when the client has left, EOFError when the file ends before `offset + count`, and
        OSError when it cannot be read."""
        end = offset + count
        while offset < end:
            if self._sent_in_turn >= STEP_BYTES:
                await self._until_writable()
            if self._is_lost:
                raise ConnectionResetError("the client left")
            try:
                sent = await self._send_step(file, offset, end - offset)
            except BlockingIOError:
                await self._until_writable()
                continue
            except OSError as error:
                if error.errno in _OF_THE_NETWORK:
                    raise ConnectionResetError("the client cannot be reached") from error
                raise
            if sent == 0:
                raise EOFError(f"the file ends at {offset}, not at {end}")
            offset += sent
            self._sent_in_turn += sent

    def lose(self) -> None:
        """The connection is gone: what is being sent ends with ConnectionResetError."""
        self._is_lost = True
        if self._wake and not self._wake.done():
            self._wake.set_exception(ConnectionResetError("the client left"))

    def close(self) -> None:
        """Nothing may be under way."""
        self._unwatch()
        os.close(self._to)

    async def _send_step(self, file: int, offset: int, left: int) -> int:
        count = min(STEP_BYTES, left)
        if _is_in_memory(file, offset, count):
            return _send(self._to, file, offset, count)
        self._unwatch()
        self._sent_in_turn = 0
        return await self._send_from_disk(file, offset, min(DISK_STEP_BYTES, left))

    async def _send_from_disk(self, file: int, offset: int, count: int) -> int:
        """Ends only when the thread has let go of both descriptors: their numbers may soon be another's."""
        work = self._loop.run_in_executor(_disk, _fetch_and_send, self._to, file, offset, count)
        try:
            await asyncio.wait([work])
        finally:
            if not work.done():
                with anyio.CancelScope(shield=True):
                    await asyncio.wait([work])
                work.exception()  # looked at: the cancellation is what travels
        return work.result()

    async def _until_writable(self) -> None:
        """The socket stays watched from one wait to the next when they follow at once: to begin costs as much as to
        send a hundred kilobytes."""
        self._sent_in_turn = 0
        self._wake = self._loop.create_future()
        if not self._is_watched:
            self._loop.add_writer(self._to, self._on_writable)
            self._is_watched = True
        try:
            await self._wake
        finally:
            self._wake = None

    def _on_writable(self) -> None:
        if self._wake is None:
            self._unwatch()
        elif not self._wake.done():
            self._wake.set_result(None)

    def _unwatch(self) -> None:
        if self._is_watched:
            self._loop.remove_writer(self._to)
            self._is_watched = False


def _is_in_memory(file: int, offset: int, count: int) -> bool:
    """Whether its first and last byte are: a file is read ahead, so what lies between came with them."""
    if _AT_ONCE_OR_NOT is None:
        return False
    try:
        for at in (offset, offset + count - 1):
            os.preadv(file, [_byte], at, _AT_ONCE_OR_NOT)
    except OSError:  # it is not, or the file system cannot tell
        return False
    return True


def _fetch_and_send(to: int, file: int, offset: int, count: int) -> int:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, offset, AHEAD_BYTES, os.POSIX_FADV_WILLNEED)
    return _send(to, file, offset, count)


def _send(to: int, file: int, offset: int, count: int) -> int:
    """How many bytes were sent; 0 at the end of the file."""
    try:
        return os.sendfile(to, file, offset, count)
    except OSError as error:
        if error.errno not in _NO_SENDFILE:
            raise
    return os.write(to, os.pread(file, min(count, STEP_BYTES), offset))
