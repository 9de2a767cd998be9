"""Outlines and meter readings of the sounds in the library, for pages to draw. Computed once per file and kept in the cache.

    studio.sound.waves.peaks(asset_id, points=400)   -> pairs of the lowest and highest sample, -100 to 100
    studio.sound.waves.meter(asset_id)               -> loudness along the sound, in all, and its true peak
    studio.sound.waves.ducking(asset_id)             -> how far the bed of a mix goes down, 0 to 1, ten times a second

Nothing of it is kept in the library: it can be computed again from the file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from domain.asset import Asset, FileRef
from domain.errors import InputError, NotFound
from domain.mix import MIX_MAX_SECONDS
from library.library import Library
from pipelines.audio.mixing import RATE, speaking
from pipelines.media import sound
from pipelines.media.waveform import VERSION, metered, peaks
from studio.caching import put

POINTS_MAX = 4000
#: Enough for an outline: what is above half of it is not seen at the width of a page.
_OUTLINE_RATE = 16_000
_DUCKS_A_SECOND = 10


class Waveforms:
    """cache: folder of what was computed, rebuildable. decode: as sound.decode. Thread-safe; one sound is computed at a time."""

    def __init__(self, library: Library, cache: Path, decode: Callable[..., sound.Samples] = sound.decode) -> None:
        self._library = library
        self._cache = cache
        self._decode = decode
        self._computing = threading.Lock()

    def peaks(self, asset_id: str, index: int = 0, points: int = 400) -> list[list[int]]:
        """Of one file of an asset. Raises NotFound, InputError for what is no sound or for a number of points outside 1 to 4,000."""
        if not 1 <= points <= POINTS_MAX:
            raise InputError(
                "{points} points were asked for.",
                hint="Ask for 1 to {points_max}.",
                field="points",
                points=points,
                points_max=f"{POINTS_MAX:,}",
            )
        file = self._file(asset_id, index)

        def compute() -> list[list[int]]:
            samples = self._decode(self._library.file_path(file.sha256), _OUTLINE_RATE)
            return [list(pair) for pair in peaks(samples, points)]

        found: list[list[int]] = self._kept(f"peaks-{points}", file, compute)
        return found

    def meter(self, asset_id: str, index: int = 0) -> dict[str, Any]:
        """step, momentary, short, lufs and peak as pipelines/media/waveform.py: Metered. Raises as `peaks` does."""
        file = self._file(asset_id, index)

        def compute() -> dict[str, Any]:
            samples = self._decode(self._library.file_path(file.sha256), RATE, MIX_MAX_SECONDS + 1, channels=2)
            return asdict(metered(samples, RATE))

        found: dict[str, Any] = self._kept("meter", file, compute)
        return found

    def ducking(self, asset_id: str) -> list[float]:
        """By the voice stem of a mix, as the mixer ducks; [] for a mix that has none."""
        asset = self._library.asset(asset_id)
        number = next((n for n, file in enumerate(asset.files) if file.name == "stem-voice.flac"), None)
        if number is None:
            return []
        file = asset.files[number]

        def compute() -> list[float]:
            voice = self._decode(self._library.file_path(file.sha256), RATE, MIX_MAX_SECONDS + 1, channels=2)
            held = speaking(voice)[:: RATE // _DUCKS_A_SECOND]
            return [round(float(share), 3) for share in held]

        found: list[float] = self._kept("ducking", file, compute)
        return found

    def _file(self, asset_id: str, index: int) -> FileRef:
        asset: Asset = self._library.asset(asset_id)
        if not 0 <= index < len(asset.files):
            raise NotFound(
                "{title} has no file number {index}.", hint="It has {count}.", title=asset.title, index=index, count=len(asset.files)
            )
        file = asset.files[index]
        if not file.media_type.startswith("audio/") or file.media_type == "audio/midi":
            raise InputError("{file} is no sound that can be drawn.", hint="Choose a recording.", field="index", file=file.name)
        return file

    def _kept(self, what: str, file: FileRef, compute: Callable[[], Any]) -> Any:
        path = self._cache / f"{file.sha256[:32]}-{what}-{VERSION}.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
        with self._computing:
            if path.is_file():
                return json.loads(path.read_text(encoding="utf-8"))
            found = compute()
            put(path, json.dumps(found).encode())
        return found
