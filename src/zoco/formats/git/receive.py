"""What does a push ask for, and how is it answered? (gitprotocol-pack, «Pushing Data To a Server».) Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoco.core.errors import Invalid, TooLarge
from zoco.core.ids import NULL_OID, Oid, is_oid
from zoco.formats.git.pktline import FLUSH, Band, Mark, PktLineReader, encode, side_band

COMMAND_BYTES_MAX = 16 << 20


@dataclass(frozen=True, slots=True)
class Command:
    """What one ref shall become. `old` is None where the client saw no such ref, `new` where it shall go."""

    ref: str
    old: Oid | None
    new: Oid | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one command; `problem` is None when the ref was updated."""

    ref: str
    problem: str | None = None


class PushParser:
    """Feed the request's body; `feed` gives back what belongs to the pack.

    `commands` and `capabilities` are complete once `has_commands` is true. A body that is only a flush is git's probe.
    """

    def __init__(self) -> None:
        self.commands: list[Command] = []
        self.capabilities: frozenset[str] = frozenset()
        self.has_commands = False
        self._lines = PktLineReader()
        self._fed = 0
        self._awaits_options = False

    def feed(self, data: bytes) -> bytes:
        """Raises Invalid or TooLarge."""
        if self.has_commands:
            return data
        self._fed += len(data)
        self._lines.feed(data)
        while (line := self._lines.next()) is not None:
            if self._take(line):
                self.has_commands = True
                return self._lines.rest()
        if self._fed > COMMAND_BYTES_MAX:
            raise TooLarge("This push updates too many refs at once. Push them in several goes.")
        return b""

    @property
    def is_probe(self) -> bool:
        return self.has_commands and not self.commands

    def _take(self, line: bytes | Mark) -> bool:
        """Whether it was the last before the pack."""
        if isinstance(line, Mark):
            if line is not Mark.FLUSH:
                raise Invalid("The push is not in git's protocol: a flush packet is missing after the commands.")
            options_follow = "push-options" in self.capabilities and not self._awaits_options
            self._awaits_options = options_follow
            return not options_follow
        if not self._awaits_options and not line.startswith(b"shallow "):
            self.commands.append(self._command(line))
        return False

    def _command(self, line: bytes) -> Command:
        command, has_capabilities, capabilities = line.partition(b"\0")
        if has_capabilities and not self.commands:
            self.capabilities = frozenset(capabilities.decode("utf-8", "replace").split())
        if command.startswith(b"push-cert"):
            raise Invalid("Signed pushes are not offered here. Push without --signed.")
        try:
            old, new, ref = command.decode().removesuffix("\n").split(" ", 2)
        except ValueError as error:  # a UnicodeDecodeError is one too
            raise Invalid("The push is not in git's protocol: a command is not «old new ref».") from error
        if not (is_oid(old) and is_oid(new)):
            raise Invalid("The push is not in git's protocol: only SHA-1 object ids are taken.")
        return Command(ref, *(None if oid == NULL_OID else Oid(oid) for oid in (old, new)))


def report_status(unpack: str, outcomes: Sequence[Outcome], capabilities: frozenset[str]) -> bytes:
    """`unpack` is `ok` or what was wrong with the pack. Empty when the client wants no report."""
    if not capabilities & {"report-status", "report-status-v2"}:
        return FLUSH if "side-band-64k" in capabilities else b""
    lines = [encode(_line(f"unpack {unpack}"))]
    for outcome in outcomes:
        text = f"ok {outcome.ref}" if outcome.problem is None else f"ng {outcome.ref} {outcome.problem}"
        lines.append(encode(_line(text)))
    report = b"".join(lines) + FLUSH
    if "side-band-64k" in capabilities:
        return side_band(Band.DATA, report) + FLUSH
    return report


def _line(text: str) -> bytes:
    """A report's line ends at its newline, so a message must not hold one."""
    return " ".join(text.split("\n")).encode()[:4000] + b"\n"


def remote_message(text: str, capabilities: frozenset[str]) -> bytes:
    """What git shows the user line by line after `remote: `; nothing when the client has no side band."""
    if "side-band-64k" not in capabilities or not text:
        return b""
    return side_band(Band.PROGRESS, (text.rstrip("\n") + "\n").encode())
