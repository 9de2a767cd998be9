"""The check of a spoken take: Whisper hears it, and what it heard is compared with what was to be said.

Words that sound the same are the same, however the recogniser writes them. Knows nothing of voices or engines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from domain.errors import ModelError
from domain.hearing import Divergence, Hearing
from domain.progress import Progress
from domain.recipe import ModelRef
from domain.value import Value
from pipelines.audio import comparing, repeats
from pipelines.audio import text as speaking
from pipelines.audio.cepstra import RATE
from pipelines.audio.comparing import Run, Sounds
from pipelines.audio.normal import Normaliser
from pipelines.audio.phonemes import Phonemizer, pinyin
from pipelines.audio.recognition import Recogniser, Transcript
from pipelines.audio.repeats import Limits
from pipelines.devices import Devices, Weights
from pipelines.media import sound

#: One set of English lexicons, as measured resident memory.
RULES_FOOTPRINT = 220_000_000


class Rules(Value):
    """How strict one language is (assets/speaking/hearing.toml).

    tolerance: of the sounds of a run, how many may differ and still be the same words. errors: of all units, how many may differ.
    run: the longest diverging run, in units, that may pass. doubled: units of the shortest word that counts as said twice when two
    parts of the recording are heard apart.
    """

    tolerance: float
    errors: float
    run: int
    doubled: int = 1


class Listener:
    """assets: the folder of shipped data. Thread-safe."""

    def __init__(self, recogniser: Recogniser, devices: Devices, assets: Path) -> None:
        table = tomllib.loads((assets / "speaking" / "hearing.toml").read_text(encoding="utf-8"))
        self._rules = {language: Rules.model_validate(entry) for language, entry in table["language"].items()}
        self._limits = Limits.model_validate(table["repeats"])
        self.most_takes = int(table["takes"]["most"])
        self.longest = int(table["takes"]["longest"])
        self._recogniser = recogniser
        self._devices = devices
        self._normaliser = Normaliser(assets)

    def ready(self) -> bool:
        return self._recogniser.ready()

    @property
    def model(self) -> ModelRef:
        return self._recogniser.model

    def hear(self, recording: bytes, said: str, language: str, lexicon: Mapping[str, str], progress: Progress) -> Hearing:
        """What is heard of a recording in which `said` (cleaned, lexicon applied) is to be spoken.

        "unheard" without a recogniser or rules for the language. Raises Cancelled, AttachmentError, EngineFailed.
        """
        primary = language.split("-")[0]
        unit = _unit(primary)
        if primary not in self._rules:
            return Hearing(state="unheard", unit=unit, why=f"there is no check for the language {primary}.")
        if not self.ready():
            return Hearing(state="unheard", unit=unit, why="the speech recogniser (whisper-base) is not installed.")
        try:
            return self._heard(recording, said, language, lexicon, progress)
        except ModelError as error:
            return Hearing(state="unheard", unit=unit, why=str(error))

    def _heard(self, recording: bytes, said: str, language: str, lexicon: Mapping[str, str], progress: Progress) -> Hearing:
        best: Hearing | None = None
        # The second time it listens with a wider search: what it hears either time was said.
        for careful in (False, True):
            transcript = self._recogniser.transcribe(recording, language.split("-")[0], progress, careful=careful)
            found = self._compared(said, transcript, language, lexicon)
            best = found if best is None or found.error < best.error else best
            # A word heard twice was said twice: a wider search only makes the recogniser leave it out.
            if best.state == "passed" or any(_twice(run) for run in found.divergences):
                break
        assert best is not None
        return self._once(best, recording, said, language, lexicon, progress) if best.state == "passed" else best

    def _once(
        self, hearing: Hearing, recording: bytes, said: str, language: str, lexicon: Mapping[str, str], progress: Progress
    ) -> Hearing:
        """The hearing of a take in which all was heard, failed where something of it was said twice."""
        primary = language.split("-")[0]
        samples = sound.decode(recording, RATE)
        units = self._normaliser.units(said, language)
        for suspect in repeats.suspects(samples, self._limits):
            parts = self._recogniser.apart(samples, suspect.cut, primary, progress)
            before, after = (self._normaliser.units(speaking.respell(part, lexicon), language) for part in parts)
            with self._sounds(primary) as sounds:
                twice = repeats.said_twice(units, before, after, sounds, self._limits)
            if len(twice) >= self._rules[primary].doubled:
                word = _joint(primary).join(twice)
                run = Divergence(
                    said=word,
                    heard=_joint(primary).join((*twice, *twice)),
                    units=len(twice),
                    start=round(suspect.start, 3),
                    end=round(suspect.end, 3),
                )
                error = round(hearing.error + len(twice) / max(1, len(units)), 4)
                return hearing.model_copy(update={"state": "failed", "error": error, "divergences": (*hearing.divergences, run)})
        return hearing

    def _compared(self, said: str, transcript: Transcript, language: str, lexicon: Mapping[str, str]) -> Hearing:
        """The recogniser writes figures as it likes: of the ways to read them, the one nearest to what was said counts."""
        read = [self._read(said, text, transcript, language, lexicon) for text in readings(transcript.text)]
        return min(read, key=lambda hearing: hearing.error)

    def _read(self, said: str, text: str, transcript: Transcript, language: str, lexicon: Mapping[str, str]) -> Hearing:
        primary = language.split("-")[0]
        rules = self._rules[primary]
        spoken = self._normaliser.units(said, language)
        heard = self._normaliser.units(speaking.respell(text, lexicon), language)
        found = comparing.runs(spoken, heard)
        if any(run.said and run.heard for run in found):
            with self._sounds(primary) as sounds:
                found = [run for run in found if not comparing.alike(run, sounds, rules.tolerance)]
        error = sum(run.units for run in found) / max(1, len(spoken))
        good = error <= rules.errors and max((run.units for run in found), default=0) <= rules.run
        return Hearing(
            state="passed" if good else "failed",
            unit=_unit(primary),
            heard=transcript.text,
            error=round(error, 4),
            divergences=tuple(_divergence(run, transcript, heard, _joint(primary)) for run in found),
        )

    @contextmanager
    def _sounds(self, primary: str) -> Iterator[Sounds]:
        if primary == "zh":
            yield pinyin
            return
        rules = Weights(key="phonemes/us", footprint=RULES_FOOTPRINT, load=lambda: Phonemizer(False))
        with self._devices.acquire(rules) as phonemizer:
            # Where the stress lies is the dictionary's opinion of a word, and differs between spellings of one sound.
            yield lambda text: re.sub("[ˈˌː]", "", phonemizer.phonemes(text, primary))


def readings(text: str) -> list[str]:
    """10.30 may be a time, and 1800 a number that is no year."""
    times = re.sub(r"(?<![\d.,])(\d{1,2})\.([0-5]\d)(?!\d|\.\d)", r"\1:\2", text)
    numbers = re.sub(r"(?<![\d.,:])(\d)(\d{3})(?![\d,:]|\.\d)", r"\1,\2", text)
    return list(dict.fromkeys((text, times, numbers)))


def _unit(primary: str) -> Literal["word", "character"]:
    return "character" if primary == "zh" else "word"


def _joint(primary: str) -> str:
    return "" if primary == "zh" else " "


def _twice(one: Divergence) -> bool:
    return bool(one.said) and one.heard.replace(" ", "") == 2 * one.said.replace(" ", "")


def _doubled(run: Run, heard: Sequence[str]) -> bool:
    """Whether what was heard too much is what stands before or after it."""
    count, at = len(run.heard), run.heard_at
    return bool(count) and not run.said and run.heard in (tuple(heard[max(0, at - count) : at]), tuple(heard[at + count : at + 2 * count]))


def _divergence(run: Run, transcript: Transcript, heard: Sequence[str], joint: str) -> Divergence:
    """With its place in the recording: the words of the transcript stand for the units, which are about as many."""
    words = transcript.words
    start = end = 0.0
    if words:
        per_unit = len(words) / max(1, len(heard))
        first = min(len(words) - 1, int(run.heard_at * per_unit))
        last = min(len(words) - 1, max(first, int((run.heard_at + len(run.heard)) * per_unit) - 1))
        start, end = words[first].start, words[last].end
    said, text = joint.join(run.said), joint.join(run.heard)
    if _doubled(run, heard):
        said, text = text, joint.join((*run.heard, *run.heard))
    return Divergence(said=said, heard=text, units=run.units, start=start, end=end)
