"""Merkle trees over a log, as RFC 6962 hashes them: roots, and proofs that need only hashes.

A leaf is hashed with a 0x00 before it, a node with a 0x01, so that neither can pass for the other.
Everything here reads its leaf hashes once, in their order, and keeps no more of them than the
tree is high; so a log may be longer than memory. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

#: The size of a hash, in bytes.
SIZE = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry of the log."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees side by side."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf, and knows its root at any time."""

    def __init__(self) -> None:
        """Start with no leaves."""
        self.size = 0
        # The roots of the complete subtrees, the largest first.
        self._peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        self._peaks.append(leaf)
        self.size += 1
        number = self.size
        while number % 2 == 0:
            right = self._peaks.pop()
            self._peaks[-1] = node_hash(self._peaks[-1], right)
            number //= 2

    def root(self) -> bytes:
        """Return the root; that of no leaves is the hash of nothing."""
        if not self._peaks:
            return hashlib.sha256().digest()
        found = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


# --- proofs --------------------------------------------------------------------------------------


def inclusion(leaves: Iterable[bytes], place: int, size: int) -> list[bytes]:
    """Return the hashes that lead from the leaf at a place (from 0) to the root over `size`.

    Raises `ValueError` where there is no such leaf.
    """
    if not 0 <= place < size:
        raise ValueError(f"there is no leaf {place} among {size}")
    return _path(_Reader(leaves), place, size)


def consistency(leaves: Iterable[bytes], older: int, size: int) -> list[bytes]:
    """Return the hashes that show that the tree of `older` leaves is the beginning of this one.

    Raises `ValueError` where there can be no such proof.
    """
    if not 0 < older <= size:
        raise ValueError(f"a tree of {older} is no beginning of one of {size}")
    return _subproof(_Reader(leaves), older, size, whole=True)


class _Reader:
    """Leaf hashes, read in their order and each once."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._leaves: Iterator[bytes] = iter(leaves)

    def root(self, count: int) -> bytes:
        """Read so many leaves, and return the root over them."""
        tree = Tree()
        for _ in range(count):
            leaf = next(self._leaves, None)
            if leaf is None:
                raise ValueError("there are fewer leaves than that")
            tree.add(leaf)
        return tree.root()


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _path(reader: _Reader, place: int, size: int) -> list[bytes]:
    if size == 1:
        reader.root(1)
        return []
    half = _split(size)
    if place < half:
        path = _path(reader, place, half)
        return [*path, reader.root(size - half)]
    left = reader.root(half)
    return [*_path(reader, place - half, size - half), left]


def _subproof(reader: _Reader, older: int, size: int, *, whole: bool) -> list[bytes]:
    if older == size:
        found = reader.root(size)
        return [] if whole else [found]
    half = _split(size)
    if older <= half:
        proof = _subproof(reader, older, half, whole=whole)
        return [*proof, reader.root(size - half)]
    left = reader.root(half)
    return [*_subproof(reader, older - half, size - half, whole=False), left]


# --- checking proofs, with nothing but hashes ----------------------------------------------------


def includes(leaf: bytes, place: int, size: int, path: Iterable[bytes], expected: bytes) -> bool:
    """Tell whether a path leads from a leaf hash to the root of a tree of that size."""
    if not 0 <= place < size:
        return False
    found, node, last = leaf, place, size - 1
    for other in path:
        if last == 0:
            return False
        if node % 2 or node == last:
            found = node_hash(other, found)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            found = node_hash(found, other)
        node, last = node // 2, last // 2
    return last == 0 and found == expected


def extends(
    older: int, older_root: bytes, size: int, newer_root: bytes, proof: Iterable[bytes]
) -> bool:
    """Tell whether a proof shows that one tree is the beginning of another."""
    hashes = list(proof)
    if older == size:
        return not hashes and older_root == newer_root
    if not 0 < older < size:
        return False
    if older & (older - 1) == 0:
        hashes.insert(0, older_root)
    if not hashes:
        return False
    node, last = older - 1, size - 1
    while node % 2:
        node, last = node // 2, last // 2
    first = second = hashes[0]
    for other in hashes[1:]:
        if last == 0:
            return False
        if node % 2 or node == last:
            first, second = node_hash(other, first), node_hash(other, second)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            second = node_hash(second, other)
        node, last = node // 2, last // 2
    return last == 0 and first == older_root and second == newer_root
