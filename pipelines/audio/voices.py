"""The voice catalogue (assets/voices.toml): who can speak, in which language, and how that voice sounds."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path

from domain.errors import InputError
from domain.value import Value

#: One voice of a blend, with its weight. Bark names its speakers with a slash.
_PART = re.compile(r"^\s*([\w/-]+)\s*(?:\*\s*(\d*\.?\d+))?\s*$")

#: A voice that is taken over from a recording: the engine, and the beginning of the recording's SHA-256.
_TAKEN_OVER = re.compile(r"^([a-z0-9][a-z0-9.\-]*)@([0-9a-f]{12,64})$")


def taken_over(name: str) -> tuple[str, str] | None:
    """(engine, beginning of the recording's SHA-256) of a voice like "csm-1b@3f2a91c0d4e5"; None for every other name."""
    match = _TAKEN_OVER.match(name.strip().casefold())
    return (match[1], match[2]) if match else None


class Voice(Value):
    """engine names the pipeline, id the voice inside it; language is BCP-47; pitch in Hz, 0 where it was not measured.

    origin: the language its publisher made it for, where it speaks another here. age: child, young, adult, old, "" unknown.
    """

    name: str
    engine: str
    id: str
    language: str
    origin: str = ""
    gender: str = ""
    age: str = ""
    tone: tuple[str, ...] = ()
    pitch: float = 0.0
    quality: str = ""
    licence: str
    default: bool = False

    def speaks(self, language: str) -> bool:
        """True when `language` is its language, or its primary subtag ("en" for "en-GB")."""
        return self.language == language or self.language.split("-")[0] == language.split("-")[0]


class VoiceCatalogue:
    """Voices by name and by language."""

    def __init__(self, voices: tuple[Voice, ...]) -> None:
        self.voices = voices

    @staticmethod
    def read(file: Path) -> VoiceCatalogue:
        """Raises ValueError when the shipped file is malformed: that is our defect, not a person's input."""
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        voices = [Voice.model_validate(entry) for entry in table.get("voice", [])]
        for family in table.get("family", []):
            for language in family["languages"]:
                for number in range(family["count"]):
                    name = family["pattern"].format(language=language, number=number)
                    voices.append(Voice(name=name, engine=family["engine"], id=name, language=language, licence=family["licence"]))
        names = [voice.name for voice in voices]
        if len(set(names)) != len(names):
            raise ValueError(f"{file.name} names a voice twice.")
        return VoiceCatalogue(tuple(voices))

    def of(
        self, engine: str = "", language: str = "", gender: str = "", *, age: str = "", tone: str = "", licence: str = ""
    ) -> tuple[Voice, ...]:
        """All voices that match what is given. An exact language tag comes before others of the same language."""
        found = [
            voice
            for voice in self.voices
            if (not engine or voice.engine == engine)
            and (not language or voice.speaks(language))
            and (not gender or voice.gender == gender)
            and (not age or voice.age == age)
            and (not tone or tone in voice.tone)
            and (not licence or voice.licence == licence)
        ]
        return tuple(sorted(found, key=lambda voice: voice.language != language)) if language else tuple(found)

    def get(self, name: str, engine: str = "") -> Voice:
        """The voice called `name` ("af_bella", "Bella"). Raises InputError naming the nearest ones."""
        offered = self.of(engine)
        wanted = name.strip().casefold()
        exact = [voice for voice in offered if voice.name.casefold() == wanted]
        short = [voice for voice in offered if voice.name.casefold().rpartition("_")[2] == wanted]
        if exact or len(short) == 1:
            return (exact or short)[0]
        known = {voice.name: voice.name for voice in offered} | {voice.name.rpartition("_")[2]: voice.name for voice in offered}
        near = list(dict.fromkeys(known[match] for match in difflib.get_close_matches(wanted, known, n=6, cutoff=0.5)))[:4]
        hint = "Did you mean {known}?" if near else "There are for example {known}."
        told = "{engine} has no voice called {name}." if engine else "There is no voice called {name}."
        raise InputError(told, hint=hint, field="voice", engine=engine, name=repr(name), known=near or [v.name for v in offered[:6]])

    def blend(self, name: str, engine: str = "") -> tuple[tuple[Voice, float], ...]:
        """ "af_heart*0.5+bm_george*0.5" -> voices with weights that sum to 1; a single name is a blend of one. Raises InputError."""
        parts: list[tuple[Voice, float]] = []
        for part in name.split("+"):
            match = _PART.match(part)
            if match is None:
                hint = 'Write one name, or a blend like "af_heart*0.5+bm_george*0.5".'
                raise InputError("{name} is not a voice.", hint=hint, field="voice", name=repr(name[:120]))
            parts.append((self.get(match[1], engine), float(match[2] or 1.0)))
        if len(parts) > 1 and len({voice.engine for voice, _ in parts}) > 1:
            told = "The voices in {name} belong to different engines."
            raise InputError(told, hint="Blend voices of one engine.", field="voice", name=repr(name[:120]))
        total = sum(weight for _, weight in parts)
        if total <= 0:
            told = "The weights in {name} add up to nothing."
            raise InputError(told, hint="Give at least one above 0.", field="voice", name=repr(name[:120]))
        return tuple((voice, weight / total) for voice, weight in parts)

    def default(self, language: str, engine: str = "") -> Voice:
        """The voice of a language when nobody asked for one. Raises InputError naming the languages there are."""
        offered = self.of(engine, language)
        if not offered:
            known = sorted({voice.language.split("-")[0] for voice in self.of(engine)})
            told = "{engine} does not speak {language}." if engine else "No voice here speaks {language}."
            hint = "It speaks {known}." if engine else "Voices here speak {known}."
            raise InputError(told, hint=hint, field="language", engine=engine, language=repr(language), known=known)
        exact = [voice for voice in offered if voice.language == language]
        return next((voice for voice in (*exact, *offered) if voice.default), (exact or list(offered))[0])
