"""The invisible mark of pictures: made when a file leaves, read of any picture. It holds the beginning of the result's id.

The key lies with the authority that signs: marks of this studio are read and made by this studio alone.
"""

from __future__ import annotations

import functools
from contextlib import suppress

from PIL import Image

from domain.asset import Asset
from domain.errors import LabelError, MaquetteError
from library.database import ID_LETTERS
from pipelines.labels.authority import Authority
from pipelines.labels.repainted import FORMATS, repainted
from pipelines.labels.watermark import SIDE_MIN, Watermark
from pipelines.media.picture import decode

#: Letters of an id that a mark holds: 30**6 is below 2**32.
LETTERS = 6


class PictureMarks:
    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def marked(self, data: bytes, format_id: str, asset: Asset) -> bytes:
        """The file with the mark in its pixels; as it is where its shorter side is under 256 pixels.

        Raises LabelError when it does not read back: the picture has no room for it.
        """
        if min(decode(data, asset.title).size) < SIDE_MIN:
            return data
        watermark = Watermark(self._authority.mark_key(make=True))
        number = number_of(asset.id)
        made = repainted(data, format_id, functools.partial(watermark.on, number=number))
        found = watermark.found(decode(made, asset.title), cropped=False)
        if found is None or found.number != number:
            raise LabelError(
                "The invisible mark of {name} does not read back: the picture has no room for it.",
                hint="Turn the mark off in Settings > Project, or export another picture.",
                name=asset.title,
            )
        return made

    def found(self, data: bytes, name: str) -> str:
        """The beginning of the id in the mark of a picture, "" where this studio finds none."""
        with suppress(MaquetteError):  # too large or damaged: nothing is found in it
            return self.found_in(decode(data, name))
        return ""

    def found_in(self, picture: Image.Image) -> str:
        """The same of its pixels."""
        key = self._authority.mark_key()
        mark = Watermark(key).found(picture) if key else None
        return letters_of(mark.number) if mark is not None else ""


def takes(format_id: str) -> bool:
    return format_id in FORMATS


def number_of(asset_id: str) -> int:
    """The first letters of an id as a number below 2**32. Raises ValueError for what is no id of the library."""
    number = 0
    for letter in asset_id[:LETTERS]:
        number = number * len(ID_LETTERS) + ID_LETTERS.index(letter)
    return number


def letters_of(number: int) -> str:
    """The letters of a number, "" where it is none that an id gives."""
    if number >= len(ID_LETTERS) ** LETTERS:
        return ""
    letters = ""
    for _ in range(LETTERS):
        number, rest = divmod(number, len(ID_LETTERS))
        letters = ID_LETTERS[rest] + letters
    return letters
