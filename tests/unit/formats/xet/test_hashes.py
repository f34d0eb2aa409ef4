"""Xet's hashes: written as the clients write them, and one tree whatever steps the chunks arrive in."""

from __future__ import annotations

import os

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from zoco.formats.xet.hashes import (
    MerkleTree,
    XetHash,
    chunk_hash,
    file_hash,
    is_global,
    is_xet_hash,
    keyed,
    merkle_root,
    range_hash,
    to_raw,
    to_wire,
)

NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")

Leaf = tuple[bytes, int]

# the byte that says whether a node ends its group, often divisible by four and often not
leaf = st.tuples(
    st.binary(min_size=32, max_size=32).flatmap(
        lambda raw: st.integers(0, 7).map(lambda byte: raw[:24] + bytes([byte]) + raw[25:])
    ),
    st.integers(0, 131_072),
)


def plain_root(leaves: list[Leaf]) -> bytes:
    """hashing.md and `aggregated_hashes.rs`, told step by step."""
    nodes = list(leaves) or [(bytes(32), 0)]
    while len(nodes) > 1:
        parents: list[Leaf] = []
        while nodes:
            size = min(9, len(nodes))
            if len(nodes) > 2:
                ends = [i + 1 for i in range(2, size) if int.from_bytes(nodes[i][0][24:32], "little") % 4 == 0]
                size = ends[0] if ends else size
            group, nodes = nodes[:size], nodes[size:]
            text = "".join(f"{to_wire(raw)} : {length}\n" for raw, length in group)
            parents.append((blake3(text.encode(), key=NODE_KEY).digest(), sum(length for _, length in group)))
        nodes = parents
    return nodes[0][0]


@given(st.lists(leaf, max_size=200))
def test_the_root_is_that_of_the_plain_rule(leaves: list[Leaf]) -> None:
    assert merkle_root(leaves) == plain_root(leaves)


@given(st.lists(st.lists(leaf, max_size=30), max_size=12))
def test_a_tree_fed_in_steps_has_the_same_root_after_each(steps: list[list[Leaf]]) -> None:
    tree = MerkleTree()
    seen: list[Leaf] = []
    for step in steps:
        tree.add(b"".join(raw for raw, _ in step), [size for _, size in step])
        seen += step
        assert tree.root() == tree.root() == plain_root(seen)


def test_a_long_file_is_hashed_from_an_iterator_as_from_a_list() -> None:
    leaves = [(os.urandom(32), n) for n in range(10_000)]
    assert file_hash(iter(leaves)) == blake3(plain_root(leaves), key=bytes(32)).digest()


@pytest.mark.parametrize("size", [1, 3])
def test_as_many_hashes_as_sizes_are_taken(size: int) -> None:
    with pytest.raises(ValueError, match="as many"):
        MerkleTree().add(bytes(64), [1] * size)


A, B, C, D = (
    XetHash("cfc5d07f6f03c29bbf424132963fe08d19a37d5757aaf520bf08119f05cd56d6"),
    XetHash("c3e67584b5c4fc2a89837ec39e40f2c8a6bb0b2987ac94cd4b31e5fbdd210a72"),
    XetHash("0d2beb91b9196929a5ddec9f6e306924ddf4a24268e3e59fd8464738d525af37"),
    XetHash("adf8773496a9b7319b2e50dc98093f344053b17d8ad37100b9c07d9805988784"),
)
ZERO = XetHash("0" * 64)


@pytest.mark.parametrize(
    ("leaves", "root", "file"),
    [
        ([], ZERO, ZERO),
        ([(ZERO, 0)], ZERO, "638a6bc391964a85939d48f008e8bdbae6a7975e7ca2d87a3ce2492f4e4d8a4c"),
        ([(A, 100)], A, "8e16257caa3fe079d484d872a8975264b2ff683b0d6db9028cc7c0f968a45661"),
        (
            [(A, 100), (B, 200), (C, 300)],
            "71ec1275fca074724e2dd666921b3277c7cee603e4d025bcab2d4050015be2bc",
            "54e55dccc6653c612bdb5576c5d3cb34bb31bc4e100248abccf4c908b3ef7715",
        ),
        (
            [(A, 100)] * 4,
            "89f2ada89ff8c96763c6b25010e6dd76a4c05b1466207633ea559acf2093211b",
            "2cdba690d0e09563596e0cda626d43eb4c96ef1e994fe72d9b2f5a83cfcd36dd",
        ),
        (
            [(A, 100), (B, 200), (A, 100), (B, 200), (C, 300), (D, 400)],
            "52c826f99507aa05d0b45e9837fa1709e0485425cfbcb1e80db3905cf98b3ee9",
            "91d21684db364c8883ab8209fa5eb2e781cf07f37e1fa43e731c30839afe422f",
        ),
        (
            [(ZERO, 0), (A, 100), (ZERO, 0), (A, 100)],
            "e1755c85be07fd6b7a8d7becc85e6d8c5f507f2a3d38b316bcb6f97855e72188",
            "207caf24fce045ac6d873b4c6186a5a435d600d103e1ae345e55ddf1f4b7f7ef",
        ),
    ],
)
def test_the_vectors_of_the_reference_implementation(leaves: list[tuple[XetHash, int]], root: str, file: str) -> None:
    raw = [(to_raw(name), size) for name, size in leaves]
    assert to_wire(merkle_root(raw)) == root
    assert to_wire(file_hash(raw)) == file


def test_the_wire_text_turns_each_eight_bytes_around() -> None:
    assert to_wire(bytes(range(32))) == "07060504030201000f0e0d0c0b0a090817161514131211101f1e1d1c1b1a1918"


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_survives_the_wire(raw: bytes) -> None:
    assert is_xet_hash(to_wire(raw))
    assert to_raw(to_wire(raw)) == raw


@pytest.mark.parametrize(
    "text", ["", "0" * 63, "0" * 65, "A" * 64, "g" * 64, "0" * 64 + "\n", " " + "0" * 63, "٠" * 64, "0x" + "0" * 62]
)
def test_what_is_no_hash_is_refused(text: str) -> None:
    assert not is_xet_hash(text)
    with pytest.raises(ValueError, match="64 lowercase hex digits"):
        to_raw(XetHash(text))


def test_one_chunk_in_1024_is_for_everybody_to_ask_for() -> None:
    def ending(number: int) -> bytes:
        return bytes(24) + number.to_bytes(8, "little")

    assert [number for number in range(4096) if is_global(ending(number))] == [0, 1024, 2048, 3072]
    assert is_global(b"\xff" * 24 + (1024 << 48).to_bytes(8, "little"))


def test_what_hashes_are_keyed_with_keeps_them_apart() -> None:
    data = bytes(32)
    assert len({chunk_hash(data), range_hash(data), keyed(data, b"k" * 32), keyed(data, b"l" * 32)}) == 4


@settings(max_examples=20)
@given(st.binary(max_size=300))
def test_a_chunk_is_hashed_from_any_buffer(data: bytes) -> None:
    assert chunk_hash(data) == chunk_hash(bytearray(data)) == chunk_hash(memoryview(data))
