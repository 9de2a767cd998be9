"""The sound studio beside voices and lines: pieces of music and effects, mixes as timelines, outlines and meters, recordings."""

from __future__ import annotations

from dataclasses import dataclass

from studio.pieces import Pieces
from studio.shortening import Shorter
from studio.spots import Spots
from studio.timelines import Timelines
from studio.transcripts import Transcripts
from studio.waveforms import Waveforms


@dataclass(frozen=True)
class Sound:
    pieces: Pieces
    spots: Spots
    mixes: Timelines
    shorter: Shorter
    waves: Waveforms
    transcripts: Transcripts
