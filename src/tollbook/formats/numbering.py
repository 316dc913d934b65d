"""Numbers for keys: thousands of keys at once, each distinct one by a number of its own.

A hash table with open addressing and linear probing, vectorised: all keys probe their slot at once,
and the few whose slot has another key go on to the next slot together.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_FEWEST_SLOTS = 1 << 12
_SLOTS_A_KEY = 3  # or more: a load factor at which most keys are found at the first probe.
# Python salts the hash of a text in each process, so nobody can prepare keys that all collide.
_SALT = np.uint64(hash("numbering") & 0xFFFF_FFFF_FFFF_FFFF)
_SPREAD = np.uint64(0x9E37_79B9_7F4A_7C15)  # 2^64 / golden ratio: Fibonacci hashing
_HALF = np.uint64(32)


class KeyIndex:
    """Gives distinct keys the numbers 0, 1, 2 … in the order in which it meets them.

    A key is *width* whole numbers of 64 bits.
    """

    def __init__(self, width: int) -> None:
        self._keys = np.zeros((width, _FEWEST_SLOTS // _SLOTS_A_KEY), np.uint64)
        self._slots = np.full(_FEWEST_SLOTS, -1, np.int64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def numbers(self, key: Sequence[Words]) -> tuple[Numbers, Numbers]:
        """Return the number of each row's key, and a row of each new key, by rising number."""
        self._make_room(len(key[0]))
        found = np.empty(len(key[0]), np.int64)
        first = self._count
        rows, slots = np.arange(len(found)), self._places(key)
        firsts: list[Numbers] = []
        while len(rows):
            numbers = self._slots[slots]
            same = numbers >= 0
            free = ~same
            for kept, words in zip(self._keys, key, strict=True):
                same &= kept[numbers] == words[rows]
            found[rows[same]] = numbers[same]
            if free.any():
                new = _one_a_slot(slots, free)
                firsts.append(rows[new])
                self._add(key, rows[new], slots[new])
            left = ~same
            # A row whose slot was free probes it again: another row of this round may have got it.
            slots = np.where(free, slots, (slots + 1) & (len(self._slots) - 1))[left]
            rows = rows[left]
        if first == self._count:
            return found, rows
        return found, np.concatenate(firsts)

    def _add(self, key: Sequence[Words], rows: Numbers, slots: Numbers) -> None:
        numbers = np.arange(self._count, self._count + len(rows))
        for kept, words in zip(self._keys, key, strict=True):
            kept[numbers] = words[rows]
        self._slots[slots] = numbers
        self._count += len(rows)

    def _places(self, key: Sequence[Words]) -> Numbers:
        """Return the slot that each key probes first."""
        mixed = np.full(len(key[0]), _SALT)
        for words in key:
            mixed = (mixed ^ words) * _SPREAD
            mixed ^= mixed >> _HALF
        return (mixed & np.uint64(len(self._slots) - 1)).astype(np.int64)

    def _make_room(self, count: int) -> None:
        """Grow the table for *count* more keys, and rehash."""
        wanted = self._count + count
        if wanted <= self._keys.shape[1]:
            return
        slots = 1 << (2 * _SLOTS_A_KEY * wanted - 1).bit_length()
        keys = np.zeros((len(self._keys), slots // _SLOTS_A_KEY), np.uint64)
        keys[:, : self._count] = self._keys[:, : self._count]
        self._keys = keys
        self._slots = np.full(slots, -1, np.int64)
        numbers = np.arange(self._count)
        places = self._places([words[: self._count] for words in keys])
        while len(numbers):
            free = self._slots[places] < 0
            new = _one_a_slot(places, free)
            self._slots[places[new]] = numbers[new]
            left = self._slots[places] != numbers
            numbers, places = numbers[left], (places[left] + 1) & (slots - 1)


def _one_a_slot(slots: Numbers, free: npt.NDArray[np.bool_]) -> Numbers:
    """Return the first row of each of the free slots, in the rows' order."""
    rows = np.flatnonzero(free)
    _, firsts = np.unique(slots[rows], return_index=True)
    firsts.sort()
    return rows[firsts]
