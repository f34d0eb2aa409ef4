from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoco.core.errors import Invalid, TooLarge
from zoco.core.ids import NULL_OID, Oid
from zoco.formats.git import receive
from zoco.formats.git.advertise import AdvertisedRef, ref_advertisement, v2_capabilities
from zoco.formats.git.pktline import DELIM, FLUSH, Band, Mark, PktLineReader, encode, side_band
from zoco.formats.git.receive import Command, Outcome, PushParser, remote_message, report_status

A, B = Oid("a" * 40), Oid("b" * 40)


def lines_of(data: bytes) -> list[bytes | Mark]:
    reader = PktLineReader()
    reader.feed(data)
    found = []
    while (line := reader.next()) is not None:
        found.append(line)
    assert reader.is_empty
    return found


@given(lines=st.lists(st.binary(max_size=40) | st.sampled_from(list(Mark)), max_size=8), data=st.data())
def test_lines_come_back_however_the_bytes_are_split(lines: list[bytes | Mark], data: st.DataObject) -> None:
    wire = b"".join(b"%04x" % line if isinstance(line, Mark) else encode(line) for line in lines)
    reader, found, at = PktLineReader(), [], 0
    while at < len(wire):
        step = data.draw(st.integers(1, len(wire) - at))
        reader.feed(wire[at : at + step])
        at += step
        while (line := reader.next()) is not None:
            found.append(line)
    assert found == lines


@pytest.mark.parametrize("bad", [b"zzzz", b"0003", b"ffff", b"+0ff", b"0x10", b" 010", b"-001"])
def test_a_wrong_length_is_refused(bad: bytes) -> None:
    reader = PktLineReader()
    reader.feed(bad)
    with pytest.raises(Invalid):
        reader.next()


def test_side_band_splits_what_is_too_long() -> None:
    data = bytes(range(256)) * 600
    lines = lines_of(side_band(Band.DATA, data))
    assert len(lines) == 3
    assert b"".join(line[1:] for line in lines if isinstance(line, bytes)) == data


PUSH = (
    encode(b"shallow " + b"c" * 40)
    + encode(f"{A} {B} refs/heads/main\0 report-status side-band-64k push-options agent=git/2\n".encode())
    + encode(f"{NULL_OID} {A} refs/heads/a b".encode())
    + encode(f"{A} {NULL_OID} refs/tags/\u00e9".encode())
    + FLUSH
    + encode(b"ci.skip")
    + FLUSH
)


@pytest.mark.parametrize("cut", range(len(PUSH) + 9))
def test_a_push_split_at_any_byte_reads_the_same(cut: int) -> None:
    body = PUSH + b"PACKxyz0000"
    parser = PushParser()
    assert parser.feed(body[:cut]) + parser.feed(body[cut:]) == b"PACKxyz0000"
    assert parser.commands == [
        Command("refs/heads/main", A, B),
        Command("refs/heads/a b", None, A),
        Command("refs/tags/é", A, None),
    ]
    assert parser.capabilities >= {"report-status", "side-band-64k"}


def test_the_probe_is_known() -> None:
    parser = PushParser()
    assert parser.feed(FLUSH) == b""
    assert parser.is_probe


@pytest.mark.parametrize(
    "body",
    [
        b"GET / HTTP/1.1",
        encode(b"hello"),
        encode(f"{A} {B}".encode()),
        encode(f"{'A' * 40} {B} refs/heads/x".encode()),
        encode(b"a" * 64 + b" " + b"b" * 64 + b" refs/heads/x"),
        encode(f"{A} {B} ".encode() + b"\xff\xfe"),
        encode(f"{A} {B} refs/heads/x".encode()) + DELIM,
        encode(b"push-cert\0 push-cert=nonce"),
    ],
)
def test_what_is_no_push_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        PushParser().feed(body)


def test_endless_commands_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "COMMAND_BYTES_MAX", 10_000)
    parser = PushParser()
    line = encode(f"{A} {B} refs/heads/x".encode())
    with pytest.raises(TooLarge):
        for _ in range(1000):
            parser.feed(line)


def test_the_report_goes_through_the_side_band_when_asked() -> None:
    outcomes = [Outcome("refs/heads/main"), Outcome("refs/heads/x", "no\nway")]
    plain = report_status("ok", outcomes, frozenset({"report-status"}))
    assert lines_of(plain) == [b"unpack ok\n", b"ok refs/heads/main\n", b"ng refs/heads/x no way\n", Mark.FLUSH]
    banded = lines_of(report_status("ok", outcomes, frozenset({"report-status-v2", "side-band-64k"})))
    assert banded == [b"\1" + plain, Mark.FLUSH]
    assert report_status("ok", outcomes, frozenset()) == b""
    assert remote_message("hi", frozenset()) == b""
    assert lines_of(remote_message("hi\n", frozenset({"side-band-64k"}))) == [b"\2hi\n"]


def test_refs_are_advertised_with_head_peeled_tags_and_capabilities() -> None:
    refs = [AdvertisedRef("refs/heads/main", A), AdvertisedRef("refs/tags/v1", B, A)]
    said = b"".join(ref_advertisement("git-upload-pack", refs, head="refs/heads/main", version=1, agent="z"))
    service, flush, version, head, *rest, last = lines_of(said)
    assert (service, flush, version, last) == (b"# service=git-upload-pack\n", Mark.FLUSH, b"version 1\n", Mark.FLUSH)
    assert isinstance(head, bytes)
    assert head.startswith(f"{A} HEAD\0".encode())
    assert b" symref=HEAD:refs/heads/main" in head
    assert rest == [
        f"{A} refs/heads/main\n".encode(),
        f"{B} refs/tags/v1\n".encode(),
        f"{A} refs/tags/v1^{{}}\n".encode(),
    ]


def test_an_empty_repository_still_tells_its_capabilities() -> None:
    said = lines_of(b"".join(ref_advertisement("git-receive-pack", [], head="refs/heads/main", version=0, agent="z")))
    assert isinstance(said[2], bytes)
    assert said[2].startswith(f"{NULL_OID} capabilities^{{}}\0report-status".encode())
    assert lines_of(v2_capabilities("z"))[0] == b"version 2\n"
