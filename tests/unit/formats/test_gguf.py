"""The header of a GGUF file: what it tells, what is fetched for it, and what a hostile one costs."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gguf_maker import Typed, gguf

from zoco.core.errors import Invalid
from zoco.formats.gguf import (
    ENTRIES_MAX,
    HEADER_SIZE_MAX,
    STRINGS_MAX,
    TENSORS_MAX,
    WINDOW_FIRST,
    WINDOW_MAX,
    GgufHeader,
    read_header,
)

LLAMA: dict[str, object] = {
    "general.architecture": "llama",
    "general.name": "Small",
    "general.file_type": 15,
    "general.tags": ["text-generation", "es"],
    "llama.context_length": 8192,
    "llama.rope.freq_base": 10000.0,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.tokens": ["<unk>", "<s>", "</s>", *(f"word{n}" for n in range(2000))],
    "tokenizer.ggml.scores": [0.5] * 2003,
    "tokenizer.ggml.token_type": [Typed(5, "i", 1)] * 2003,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.add_bos_token": True,
    "tokenizer.chat_template": "{% for m in messages %}{{ m }}{% endfor %}",
    "quantize.imatrix.file": "words.dat",
}
TENSORS = [("token_embd.weight", (2048, 32), 12), ("blk.0.w", (32, 32), 14), ("norm", (32,), 0)]


class File:
    """Serves ranges, and remembers them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def fetch(self, start: int, end: int) -> bytes:
        self.asked.append((start, end))
        return self.data[start:end]

    @property
    def fetched(self) -> int:
        return sum(len(self.data[start:end]) for start, end in self.asked)


def read(data: bytes) -> GgufHeader:
    return read_header(File(data).fetch)


@pytest.mark.parametrize(("version", "order"), [(1, "<"), (2, "<"), (3, "<"), (3, ">")])
def test_a_header_tells_of_its_model_in_every_version_and_byte_order(version: int, order: str) -> None:
    assert read(gguf(LLAMA, TENSORS, version=version, order=order)) == GgufHeader(
        parameters={"Q4_K": 2048 * 32, "Q6_K": 32 * 32, "F32": 32},
        architecture="llama",
        quantization="Q4_K_M",
        imatrix_file="words.dat",
        context_length=8192,
        chat_template="{% for m in messages %}{{ m }}{% endfor %}",
        bos_token="<s>",
        eos_token="</s>",
    )


def test_special_tokens_are_found_anywhere_in_the_vocabulary() -> None:
    for number in (0, 511, 512, 513, 2002):
        said = LLAMA | {"tokenizer.ggml.bos_token_id": number}
        wanted = ["<unk>", "<s>", "</s>", *(f"word{n}" for n in range(2000))][number]
        assert read(gguf(said)).bos_token == wanted
    for number in (2003, 2**32 - 1):
        assert read(gguf(LLAMA | {"tokenizer.ggml.bos_token_id": number})).bos_token is None


def test_a_split_file_says_which_part_it_is() -> None:
    part = gguf({"split.no": Typed(2, "H", 2), "split.count": Typed(2, "H", 5), "split.tensors.count": 7})
    assert read(part).part == (2, 5)


def test_the_weights_are_not_fetched() -> None:
    file = File(gguf(LLAMA, TENSORS) + bytes(50_000_000))
    read_header(file.fetch)
    assert file.asked == [(0, WINDOW_FIRST)]


def test_a_large_header_is_fetched_in_growing_windows_and_nothing_twice_but_the_special_tokens() -> None:
    words: list[object] = [f"a longer word of the vocabulary {n}" for n in range(200_000)]
    file = File(gguf(LLAMA | {"tokenizer.ggml.tokens": words}, TENSORS))
    assert read_header(file.fetch).bos_token == words[1]
    assert len(file.asked) < 12
    assert file.fetched < len(file.data) + 3 * WINDOW_FIRST


def test_arrays_of_numbers_are_leapt_over() -> None:
    """Eight million scores take no reading."""
    scores = struct.pack("<IQ", 6, 8_000_000) + bytes(32_000_000)
    file = File(gguf({"scores": scores, "general.architecture": "llama"}))
    assert read_header(file.fetch).architecture == "llama"
    assert file.fetched < 3 * WINDOW_FIRST


def test_a_template_that_nobody_reads_is_left_out() -> None:
    assert read(gguf({"tokenizer.chat_template": "x" * 100_000, "general.architecture": "a"})) == GgufHeader(
        parameters={}, architecture="a"
    )


def nested(depth: int) -> bytes:
    return struct.pack("<IQ", 9, 1) * depth + struct.pack("<IQ", 4, 1) + bytes(4)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "ends within"),
        (b"GGUF", "ends within"),
        (b"PK\x03\x04" + bytes(50), "not a GGUF"),
        (gguf({}, version=4), "version"),
        (gguf({}, entry_count=1), "ends within"),
        (gguf({}, entry_count=ENTRIES_MAX + 1), "more than a file can hold"),
        (gguf({}, tensor_count=TENSORS_MAX + 1), "more than a file can hold"),
        (gguf({}, tensor_count=2**64 - 1), "more than a file can hold"),
        (gguf({"a": struct.pack("<IQ", 8, 2**40)}), "more than a file can hold"),
        (gguf({"a": struct.pack("<IQ", 8, STRINGS_MAX + 1)}), "more than 2000000 words"),
        (gguf({"a": struct.pack("<IQQ", 8, 1, 2**63)}), "more than a file can hold"),
        (gguf({"a": struct.pack("<IQ", 12, HEADER_SIZE_MAX)}), "larger than"),
        (gguf({"a": struct.pack("<IQ", 99, 1)}), "a kind that is not known"),
        (gguf({"a": Typed(13, "I", 1)}), "a kind that is not known"),
        (gguf({"a": nested(50)}), "a kind that is not known"),
        (gguf({"a": struct.pack("<IQ", 9, STRINGS_MAX + 1)}), "words"),
        (gguf({"tokenizer.ggml.tokens": [1, 2]}), "not made of words"),
        (gguf({}, [("a", (1,) * 9, 0)]), "dimensions"),
        (gguf({}, [("a", (2**59, 2**59), 0)]), "more parameters"),
        (gguf({}, [("a", (2**63,), 0)]), "more than a file can hold"),
    ],
)
def test_a_hostile_header_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        read(data)


def test_nested_arrays_in_bounds_are_skipped() -> None:
    assert read(gguf({"a": nested(3), "general.architecture": "b"})).architecture == "b"


def test_a_header_cut_anywhere_is_refused() -> None:
    small = gguf({**LLAMA, "tokenizer.ggml.tokens": ["a", "b", "c"], "tokenizer.ggml.scores": [1.0]}, TENSORS)
    small = small.replace(b"word", b"w")
    for end in range(len(small)):
        with pytest.raises(Invalid):
            read(small[:end])


@given(st.binary(max_size=400), st.integers(0, 400), st.binary(max_size=12))
def test_whatever_the_bytes_are_reading_ends_and_fetches_little(noise: bytes, at: int, patch: bytes) -> None:
    good = gguf({"general.architecture": "llama", "a": ["x", "y"], "b": [[1, 2], [3]]}, TENSORS) + noise
    file = File(good[:at] + patch + good[at + len(patch) :])
    with suppress(Invalid):
        read_header(file.fetch)
    assert len(file.asked) < 50
    assert all(end - start <= WINDOW_MAX for start, end in file.asked)


def test_a_file_on_disk_is_read_by_its_ranges(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(LLAMA, TENSORS))
    with path.open("rb") as file:

        def fetch(start: int, end: int) -> bytes:
            file.seek(start)
            return file.read(end - start)

        assert read_header(fetch).quantization == "Q4_K_M"
