"""Trees are hashed as RFC 6962 says, and proofs hold exactly where they should."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.merkle import Tree, consistency, extends, includes, inclusion, leaf_hash, root

#: The entries that implementations of RFC 6962 are commonly tested with.
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]

#: The roots over the first 1, 2, ... of them.
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_rfc_6962(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size - 1]


def test_paths_are_those_of_rfc_6962() -> None:
    assert [step.hex() for step in inclusion(LEAVES, 0, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [step.hex() for step in consistency(LEAVES, 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


SIZES = [
    (size, leaves) for size in range(1, 34) for leaves in [[bytes([n]) * 32 for n in range(size)]]
]


@pytest.mark.parametrize(("size", "leaves"), SIZES, ids=lambda value: "")
def test_every_leaf_is_included_and_no_other_is(size: int, leaves: list[bytes]) -> None:
    top = root(leaves)
    for place in range(size):
        path = inclusion(leaves, place, size)
        assert includes(leaves[place], place, size, path, top)
        assert not includes(b"x" * 32, place, size, path, top)
        assert not includes(leaves[place], place + 1, size, path, top)
        assert not includes(leaves[place], place, size, [*path, top], top)
        if path:
            assert not includes(leaves[place], place, size, path[:-1], top)


@pytest.mark.parametrize(("size", "leaves"), SIZES, ids=lambda value: "")
def test_a_tree_extends_each_of_its_beginnings_and_nothing_else(
    size: int, leaves: list[bytes]
) -> None:
    top = root(leaves)
    for older in range(1, size + 1):
        proof = consistency(leaves, older, size)
        assert extends(older, root(leaves[:older]), size, top, proof)
        assert not extends(older, b"x" * 32, size, top, proof)
        assert not extends(older, root(leaves[:older]), size, b"x" * 32, proof)
        if older < size:
            changed = [b"y" * 32, *leaves[1:]]
            assert not extends(older, root(changed[:older]), size, top, proof)


def test_what_is_not_there_has_no_proof() -> None:
    with pytest.raises(ValueError, match="no leaf 8 among 8"):
        inclusion(LEAVES, 8, 8)
    with pytest.raises(ValueError, match="no beginning"):
        consistency(LEAVES, 9, 8)
    with pytest.raises(ValueError, match="fewer leaves"):
        inclusion(LEAVES, 0, 9)
    assert not extends(0, b"", 8, root(LEAVES), [])
    assert not extends(3, root(LEAVES[:3]), 8, root(LEAVES), [])


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_a_tree_that_grows_has_the_root_of_its_definition(entries: list[bytes]) -> None:
    tree = Tree()
    leaves = [leaf_hash(entry) for entry in entries]
    for count, leaf in enumerate(leaves, start=1):
        tree.add(leaf)
        assert tree.root() == _by_definition(leaves[:count])
    assert tree.size == len(entries)


def _by_definition(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    left, right = _by_definition(leaves[:half]), _by_definition(leaves[half:])
    return hashlib.sha256(b"\x01" + left + right).digest()
