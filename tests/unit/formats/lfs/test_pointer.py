from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.core.errors import Invalid
from zoco.core.ids import Sha256
from zoco.formats.lfs.pointer import POINTER_SIZE_MAX, Pointer, parse_pointer

SHA = Sha256("4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393")
GOOD = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA}\nsize 12345\n"


def test_the_pointer_of_the_specification_is_read() -> None:
    assert parse_pointer(GOOD.encode()) == Pointer(SHA, 12345)


def test_what_is_written_is_byte_for_byte_what_git_lfs_writes() -> None:
    assert Pointer(SHA, 12345).text() == GOOD.encode()


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        GOOD + "\n",
        GOOD.replace("https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1"),
        GOOD.replace("https://git-lfs.github.com/spec/v1", "http://git-media.io/v/2"),
        GOOD.replace("oid", f"ext-0-caps sha256:{SHA}\noid", 1),
    ],
)
def test_forms_that_git_lfs_accepts_are_accepted(text: str) -> None:
    assert parse_pointer(text.encode()) == Pointer(SHA, 12345)


@pytest.mark.parametrize("data", [b"", b"hello", b"version 3", b"\x00" * 200, GOOD.encode()[1:]])
def test_an_ordinary_file_is_no_pointer(data: bytes) -> None:
    assert parse_pointer(data) is None


def test_a_long_file_that_begins_like_a_pointer_is_an_ordinary_file() -> None:
    assert parse_pointer(GOOD.encode() + b"x" * POINTER_SIZE_MAX) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (GOOD.replace("sha256:4", "sha256:G"), "oid sha256:"),
        (GOOD.replace("sha256:4d", "sha256:4D"), "oid sha256:"),
        (GOOD.replace("sha256:", "md5:"), "oid sha256:"),
        (GOOD.replace("size 12345", "size -1"), "size <number"),
        (GOOD.replace("size 12345", "size 012"), "size <number"),
        (GOOD.replace("size 12345", "size 99999999999999999999"), "size <number"),
        (GOOD.replace("size 12345", "size 9223372036854775808"), "size <number"),
        (GOOD.replace("size 12345", "size ١٢"), "size <number"),
        (GOOD.replace("size 12345\n", ""), "size <number"),
        (GOOD + "size 1\n", "comes twice"),
        (GOOD + "<<<<<<< HEAD\n", "unknown line"),
        (GOOD.replace("spec/v1", "spec/v10"), "version"),
        (GOOD + "lonely\n", "lonely"),
    ],
)
def test_a_broken_pointer_is_refused_with_the_reason_and_the_cure(text: str, why: str) -> None:
    with pytest.raises(Invalid, match="broken Git LFS pointer") as caught:
        parse_pointer(text.encode())
    assert why in caught.value.message
    assert "git lfs install" in caught.value.message


def test_a_pointer_that_is_not_text_is_refused() -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        parse_pointer(GOOD.encode() + b"\xff\xfe\n")


@settings(deadline=None)
@given(st.binary(max_size=1100))
def test_any_tail_is_a_pointer_or_a_clear_refusal(tail: bytes) -> None:
    try:
        parse_pointer(b"version https://git-lfs.github.com/spec/v1" + tail)
    except Invalid as error:
        assert error.message.startswith("broken Git LFS pointer")
