"""A short id as eight symbols of 8 bits: 4 bytes of it, CRC-16, two parity symbols of a Reed-Solomon code over GF(256).

It is read by soft decision: of each symbol the four likeliest values are tried together, and the likeliest whole that is a codeword counts.
So four symbols or more may be wrong at first sight. Of what is chance, one in 65,000 passes. CRC: CCITT, polynomial 0x1021, start 0xFFFF;
Reed-Solomon: generator (x - 1)(x - a), field polynomial 0x11D.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SYMBOLS = 8
#: Values of each symbol that are tried.
TRIED = 4
_ID_BYTES = 4
_POLYNOMIAL = 0x11D
_EXP = [1] * 510
for _n in range(1, 510):
    _EXP[_n] = _EXP[_n - 1] << 1
    if _EXP[_n] & 0x100:
        _EXP[_n] ^= _POLYNOMIAL
_LOG = {_EXP[n]: n for n in range(255)}


def encoded(number: int) -> tuple[int, ...]:
    """Eight symbols of 0..255. number: 0 to 2**32 - 1."""
    data = number.to_bytes(_ID_BYTES, "big")
    data += binascii.crc_hqx(data, 0xFFFF).to_bytes(2, "big")
    ones, roots = 0, 0
    for place, byte in enumerate(data):
        ones ^= byte
        roots ^= _weighed(byte, place)
    # The two parity symbols p1 and p0 bring both sums to zero: p1 + p0 = ones, a p1 + p0 = roots.
    p1 = _times(ones ^ roots, _EXP[255 - _LOG[_EXP[1] ^ 1]])
    return (*data, p1, ones ^ p1)


def decoded(symbols: Sequence[int]) -> int | None:
    """The number of a codeword, None for what is none."""
    ones, roots = 0, 0
    for place, symbol in enumerate(symbols):
        ones ^= symbol
        roots ^= _weighed(symbol, place)
    data = bytes(symbols[:_ID_BYTES])
    told = int.from_bytes(bytes(symbols[_ID_BYTES : _ID_BYTES + 2]), "big")
    return int.from_bytes(data, "big") if not ones and not roots and binascii.crc_hqx(data, 0xFFFF) == told else None


def likeliest(scores: NDArray[np.floating]) -> int | None:
    """The number of the likeliest codeword. scores: how likely each value of each symbol is, shape (8, 256); they are added."""
    values = np.argsort(-scores, axis=1)[:, :TRIED]
    total = np.zeros(1)
    sums = np.zeros(1, np.int64)  # both sums of a word in one number
    for place in range(SYMBOLS):
        own = np.array([int(one) << 8 | _weighed(int(one), place) for one in values[place]])
        sums = (sums[:, None] ^ own[None, :]).ravel()
        total = (total[:, None] + scores[place, values[place]][None, :]).ravel()
    words = np.flatnonzero(sums == 0)
    for word in words[np.argsort(-total[words])]:
        chosen = np.unravel_index(int(word), (TRIED,) * SYMBOLS)
        number = decoded([int(values[place, one]) for place, one in enumerate(chosen)])
        if number is not None:
            return number
    return None


def _weighed(symbol: int, place: int) -> int:
    return _times(symbol, _EXP[SYMBOLS - 1 - place])


def _times(a: int, b: int) -> int:
    return _EXP[_LOG[a] + _LOG[b]] if a and b else 0
