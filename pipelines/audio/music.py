"""Music: a Score composed by rules and played with a soundfont. Says nothing of why this mood was chosen."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from domain.capability import Capability, StepKind
from domain.errors import InputError, ModelCorrupt, ModelUnusable
from domain.music import Score
from domain.progress import Progress
from domain.recipe import Credit, ModelRef, Output, OutputFile, Work
from domain.value import JsonValue
from pipelines.audio import rendering
from pipelines.audio.composing import Composition, compose
from pipelines.audio.harmony import Key
from pipelines.audio.midi import Track, midi_bytes
from pipelines.audio.speech import trace
from pipelines.audio.styles import read_style
from pipelines.devices import Devices, Weights
from pipelines.media import sound
from pipelines.media.filters import encoded
from pipelines.models.store import ModelStore

MODEL = "musescore-general-small"
#: A bed lies under speech: four decibels below a voice-over at -16 LUFS before any ducking.
TARGET_LUFS = -20.0
CEILING_DBTP = -1.0
_PULL = "Run `python app.py models pull {model}`."
#: The decoded samples of the soundfont, as measured resident memory.
_FOOTPRINT = 520_000_000
_SHARPS = {0: 0, 7: 1, 2: 2, 9: 3, 4: 4, 11: 5, 6: 6, 1: -5, 8: -4, 3: -3, 10: -2, 5: -1}


class ComposerPipeline:
    """kind music, name "composer"."""

    kind = StepKind.MUSIC
    name = "composer"
    version = 2

    def __init__(self, store: ModelStore, devices: Devices, assets: Path) -> None:
        self._store = store
        self._devices = devices
        self._styles = assets / "music"

    def capability(self) -> Capability | None:
        if not self._store.ready(MODEL):
            return None
        return Capability(
            kind=self.kind, maker=self.name, models=(MODEL,), limits={"seconds": 300}, reason="composed by rules, played with a soundfont"
        )

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(MODEL),)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return [self._play(work, progress) for work in works]

    def _play(self, work: Work, progress: Progress) -> Output:
        started = time.monotonic()
        # 1. Read the score.
        score = _score(work.recipe.parameters)
        # 2. Compose.
        progress.report(0.02, "composing")
        composition = compose(score, read_style(self._styles, score.mood), work.recipe.seed)
        # 3. Play every part, mix, add the room.
        with self._devices.acquire(self._weights()) as (synth, soundfont):
            rendered = rendering.render(composition, synth, soundfont, progress)
        # 4. Level.
        progress.check()
        progress.report(0.93, "levelling")
        levelled, layers = _levelled(rendered, score)
        samples = levelled.samples
        # 5. Pack.
        files = [
            OutputFile("music.wav", "audio/wav", sound.wav_bytes(samples, rendering.RATE)),
            OutputFile("music.mid", "audio/midi", _midi(composition)),
        ]
        for number, layer in enumerate(layers if len(layers) > 1 else (), 1):
            files.append(OutputFile(f"layer-{number}.flac", "audio/flac", encoded(layer, rendering.RATE, "flac")))
        facts: dict[str, JsonValue] = {
            "seconds": round(len(samples) / rendering.RATE, 3),
            "lufs": round(levelled.lufs, 2),
            "peak": round(levelled.peak, 2),
            "tempo": round(composition.form.tempo, 3),
            "form": score.form,
            "key": score.key,
            "mood": score.mood.value,
            "bars": composition.form.bars,
            "sections": [*(section.name for section in composition.form.sections)],
            "chords": [*(harmony.chord.numeral for harmony in composition.form.harmonies), composition.form.final.numeral],
            "instruments": [*(player.part.name for player in composition.players)],
        }
        return Output(
            files=tuple(files), trace=trace(started, ("tinysoundfont", "numpy", "scipy"), "float32"), credits=(_CREDIT,), facts=facts
        )

    def _weights(self) -> Weights[Any]:
        def load() -> Any:
            try:
                from tinysoundfont import Synth
            except ImportError as error:
                hint = "Run `make run` once more."
                raise ModelUnusable("The package tinysoundfont is not installed.", hint=hint) from error
            file = soundfont_file(self._store.folder(MODEL))
            synth = Synth(samplerate=rendering.RATE)
            try:
                return synth, synth.sfload(str(file), max_voices=256)
            except (RuntimeError, ValueError) as error:
                raise ModelCorrupt("The soundfont {file} cannot be read.", hint=_PULL, file=file.name, model=MODEL) from error

        return Weights(key=f"soundfont/{MODEL}", footprint=_FOOTPRINT, load=load)


def _levelled(rendered: rendering.Rendered, score: Score) -> tuple[sound.Levelled, tuple[sound.Samples, ...]]:
    """The piece on its level, and the layers of a loop by the same gain."""
    samples = sound.require_sound(rendered.samples, ComposerPipeline.name)
    if score.form != "loop":
        return sound.level(samples, rendering.RATE, TARGET_LUFS, CEILING_DBTP), ()
    gain = np.float32(10 ** (sound.even_gain(samples, rendering.RATE, TARGET_LUFS, CEILING_DBTP) / 20))
    loop = samples * gain
    levelled = sound.Levelled(loop, sound.loudness(loop, rendering.RATE), sound.true_peak(loop))
    return levelled, tuple(layer * gain for layer in rendered.layers)


def soundfont_file(folder: Path) -> Path:
    """The one .sf3 or .sf2 of a model folder. Raises ModelCorrupt when there is none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".sf2", ".sf3"))
    if not found:
        raise ModelCorrupt("{folder} holds no soundfont.", hint=_PULL, folder=folder.name, model=MODEL)
    return found[0]


def _score(parameters: Mapping[str, JsonValue]) -> Score:
    try:
        return Score.model_validate(parameters.get("score"))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(("score", *(str(part) for part in first["loc"])))
        told = "The score cannot be played: {name}: {why}."
        raise InputError(told, hint="Change it in the step.", field=name, name=name, why=first["msg"]) from error


def _midi(composition: Composition) -> bytes:
    """Every part on its own track, with the notes exactly as they were played."""
    tracks, channel = [], 0
    for player in composition.players:
        if player.part.role == "drums":
            tracks.append(Track(player.part.name, 9, 0, player.notes))
            continue
        tracks.append(Track(player.part.name, channel, player.part.program, player.notes))
        channel += 2 if channel == 8 else 1
    key = Key.parse(composition.score.key)
    sharps = _SHARPS[(key.tonic + 3) % 12 if key.minor else key.tonic]
    title = f"{composition.score.mood.value}, {composition.score.key}, {composition.score.tempo} bpm"
    return midi_bytes(tracks, composition.form.tempo, title, (sharps, key.minor))


_CREDIT = Credit(
    title="MuseScore General SoundFont (small), instruments",
    author="S. Christian Collins, Frank Wen, Michael Cowgill and contributors",
    licence="MIT (parts CC0 or public domain)",
    source="Debian package musescore-general-soundfont-small",
)
