"""How well speakers are told apart (`python -m benchmarks.sound speakers`): dialogues of Kokoro's voices, whose speakers are known.

A line counts as right where its speaker is the one that most of that voice's lines were given to, and no other voice has it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.sound_voices import Bench, Row, read_lines
from domain.capability import StepKind
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.audio.speakers import speakers
from pipelines.media import sound
from pipelines.media.sound import Samples

VOICES = (
    "af_heart", "af_bella", "af_nicole", "af_sarah", "bf_emma", "bf_isabella",
    "am_michael", "am_fenrir", "am_puck", "am_adam", "bm_george", "bm_fable",
)  # fmt: skip
RATE = 16_000
LINES, SAID = 8, 7
_PAUSE = 0.4
#: White noise as a share of the level of the voices.
_NOISE = 0.1


def speaker_rows(bench: Bench, count: int, keep: Path) -> list[Row]:
    """count: dialogues of each kind, 0 for 40."""
    takes = _takes(bench, keep / "speakers")
    rows: list[Row] = []
    for noise, said_of in ((0.0, "no noise"), (_NOISE, "noise 20 dB under the voices")):
        for many in (1, 2, 3):
            right = exact = lines = 0
            for number in range(count or 40):
                draw = random.Random(1000 * many + number)
                cast = draw.sample(VOICES, many)
                said = [voice for voice in cast for _ in range(SAID)]
                draw.shuffle(said)
                found = _told(takes, said, draw, noise)
                lines += len(said)
                right += _right(said, found)
                exact += len(set(found) - {0}) == (many if many > 1 else 0)
            told = f"{right / lines:.1%} of {lines} lines; their number in {exact} of {count or 40} dialogues"
            rows.append((f"speakers told apart, {many}", told, f"Kokoro's voices, {said_of}"))
    return rows


def _told(takes: dict[str, list[Samples]], said: Sequence[str], draw: random.Random, noise: float) -> list[int]:
    """Each line once, in the order of the dialogue."""
    order = {voice: draw.sample(takes[voice], len(takes[voice])) for voice in sorted(set(said))}
    parts, spans, at = [], [], 0.0
    for voice in said:
        take = order[voice].pop()
        spans.append((at, at + len(take) / RATE))
        at += len(take) / RATE + _PAUSE
        parts += [take, np.zeros(int(_PAUSE * RATE), np.float32)]
    whole = np.concatenate(parts)
    level = float(np.sqrt((whole**2).mean())) * noise
    return list(speakers(whole + np.random.default_rng(1).normal(0, level, len(whole)).astype(np.float32), spans))


def _right(said: Sequence[str], found: Sequence[int]) -> int:
    """One alone is 0 for all. Else each voice has the number that most of its lines got; two voices of one number share it for nothing."""
    if len(set(said)) == 1:
        return sum(one == 0 for one in found)
    mostly = {voice: Counter(n for v, n in zip(said, found, strict=True) if v == voice).most_common(1)[0][0] for voice in set(said)}
    shared = {number for number, times in Counter(mostly.values()).items() if times > 1 or number == 0}
    return sum(mostly[voice] == number and number not in shared for voice, number in zip(said, found, strict=True))


def _takes(bench: Bench, folder: Path) -> dict[str, list[Samples]]:
    """Lines of each voice at 16 kHz, spoken once and kept."""
    folder.mkdir(parents=True, exist_ok=True)
    speaker, texts = bench.speaker("kokoro"), read_lines("en", LINES * len(VOICES))
    found: dict[str, list[Samples]] = {}
    for number, voice in enumerate(VOICES):
        files = [folder / f"{voice}-{line}.wav" for line in range(LINES)]
        for line, file in enumerate(files):
            if not file.is_file():
                text = texts[(number * LINES + line) % len(texts)]
                parameters = {"text": text, "voice": voice, "language": "en", "speed": 1.0, "lexicon": {}}
                recipe = Recipe(kind=StepKind.SPEECH, maker="kokoro", maker_version=1, parameters=parameters, seed=1)
                file.write_bytes(speaker.generate([Work(recipe)], Silent())[0].main.read())
        found[voice] = [sound.decode(file, RATE) for file in files]
    return found
