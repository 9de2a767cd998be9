"""Prepares a speech step: which words are spoken, by which voice, how fast. Pure: rules and word lists, no LLM, no sound.

The text is never cut to fit a length: when it is too long for the seconds asked for, that is said in `notes`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.writers.calls import Desk
from agents.writers.wishes import counted, strongest
from domain.brand import CastMember
from domain.capability import StepKind
from domain.context import InputText, StepContext
from domain.documents import ArticleDocument, CopyDocument, DialogueDocument, ScriptDocument
from domain.errors import InputError
from domain.said import Said
from domain.specs import SpeechSpec
from domain.value import JsonValue, Value

_HAN = re.compile(r"[\u3400-\u9fff]")
_GRADES = "FDCBA"
#: So much more than its seconds a text may take: pauses and the tempo of a mix give way before its words do.
_ROOMY = 1.08


class Voice(Value):
    """A voice that can be had here and now, as studio knows it. language is BCP-47; quality its publisher's grade, "A" best.

    age: child, young, adult, old, "" unknown. pitch in Hz, 0 where it was not measured. by_name: nobody gets it who does not name it.
    """

    name: str
    engine: str
    language: str
    gender: str = ""
    tone: tuple[str, ...] = ()
    quality: str = ""
    default: bool = False
    age: str = ""
    pitch: float = 0.0
    by_name: bool = False

    def speaks(self, language: str) -> bool:
        return self.language.split("-")[0] == language.split("-")[0]


class Spoken(Value):
    """The prepared step. maker is the engine of the chosen voice; notes are for the person who reads the plan."""

    text: str
    voice: str
    language: str
    speed: float
    lexicon: dict[str, str]
    maker: str
    notes: tuple[Said, ...] = ()

    @property
    def parameters(self) -> dict[str, JsonValue]:
        """Recipe.parameters of a speech step."""
        return {"text": self.text, "voice": self.voice, "language": self.language, "speed": self.speed, "lexicon": dict(self.lexicon)}


@dataclass(frozen=True)
class _Wish:
    """What the note and the spec ask of the voice; what begins with note_ comes from the note alone.

    name is a voice the note names, accent a language with its region ("en-GB"), language "" keeps the spec's.
    """

    name: str
    gender: str
    language: str
    accent: str
    tones: tuple[str, ...]
    note_gender: str
    note_tones: tuple[str, ...]


def prepare_speech(context: StepContext, voices: Sequence[Voice], desk: Desk) -> Spoken:
    """The words of the spec, else those of the input step in role "text"; a voice by name, cast or tone.

    Raises InputError when there is nothing to speak, no voice for the language, or no voice of the name asked for.
    """
    spec = context.spec
    if not isinstance(spec, SpeechSpec):
        raise InputError("Speech was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
    data = desk.prompts("spoken")
    text, notes = _text(context, spec, data["slots"]["order"])
    member = _cast(context, spec)
    wish = _wish(context, spec, voices, data, member.style if member is not None else "")
    language, remarks = _language(text, wish.language or spec.language)
    notes += remarks
    if context.maker and not (wish.name or spec.voice or any(voice.engine == context.maker for voice in voices)):
        # An engine without named voices finds a speaker by itself.
        maker, name = context.maker, ""
    else:
        voice, name, why = _voice(context, replace(wish, language=language), spec, voices, member)
        maker = voice.engine
        notes += why
    speed = _speed(spec, member if member is not None and name == member.voice else None, context.note, wish, data)
    notes += _fit(text, language, speed, spec.seconds, data["pace"])
    lexicon = dict(context.brand.lexicon)
    return Spoken(text=text, voice=name, language=language, speed=speed, lexicon=lexicon, maker=maker, notes=tuple(notes))


def _text(context: StepContext, spec: SpeechSpec, slots: Sequence[str]) -> tuple[str, list[Said]]:
    if spec.text.strip():
        return spec.text.strip(), []
    for given in context.inputs:
        if given.role == "text":
            text, notes = _words_of(given, spec, slots)
            if text.strip():
                return text.strip(), notes
            raise InputError(
                "{step} has no words to speak.", hint="Give the step its text, or another input.", field="text", step=given.step
            )
    hint = "Write the text of this step, or connect a copy, article or dialogue step to it."
    raise InputError("There is nothing to speak.", hint=hint, field="text")


def _words_of(given: InputText, spec: SpeechSpec, slots: Sequence[str]) -> tuple[str, list[Said]]:
    if not given.document:
        return given.text, []
    if given.kind is StepKind.COPY:
        return _copy_words(CopyDocument.model_validate(given.document), slots), []
    if given.kind is StepKind.DIALOGUE:
        dialogue = DialogueDocument.model_validate(given.document)
        return _lines_of(tuple((line.speaker, line.text) for node in dialogue.nodes for line in node.lines), spec)
    if given.kind is StepKind.SCRIPT:
        script = ScriptDocument.model_validate(given.document)
        return _lines_of(tuple((line.speaker, line.text) for part in script.parts for line in part.lines), spec)
    article = ArticleDocument.model_validate(given.document)
    spoken = [_without_directions(row) for row in article.paragraphs if not row.lstrip().startswith("#")]
    return "\n\n".join(row for row in spoken if row), []


def _copy_words(document: CopyDocument, slots: Sequence[str]) -> str:
    names = {re.sub(r"[\s-]+", "_", slot.name.strip().casefold()): slot.name for slot in document.slots}
    for wanted in slots:
        if wanted in names and (text := document.first(names[wanted]).strip()):
            return text
    longest = max(document.slots, key=lambda slot: len(document.first(slot.name)))
    return document.first(longest.name)


def _lines_of(lines: Sequence[tuple[str, str]], spec: SpeechSpec) -> tuple[str, list[Said]]:
    """The lines of one character, in order. lines: (speaker, text)."""
    speakers = list(dict.fromkeys(speaker for speaker, _ in lines))
    if not speakers:
        return "", []
    wanted = spec.character.strip().casefold()
    speaker = next((name for name in speakers if name.casefold() == wanted), "") if wanted else speakers[0]
    if not speaker:
        raise InputError(
            "{character} has no lines in it.",
            hint="It has lines of {known}.",
            field="character",
            character=repr(spec.character),
            known=speakers,
        )
    notes = [] if wanted or len(speakers) == 1 else [Said.of("No character was named: these are the lines of {speaker}.", speaker=speaker)]
    return "\n".join(text for name, text in lines if name == speaker), notes


def _without_directions(row: str) -> str:
    """A script's stage directions and speaker labels are not spoken: "[music up]", "(pause)" alone, "VO:", "旁白："."""
    row = re.sub(r"\[[^\]]*\]|【[^】]*】", " ", row)
    row = re.sub(r"^\s*[（(][^)）]*[)）]\s*$", "", row)
    row = re.sub(r"^\s*(?:VO|V\.O\.|voice-?over|narrator|旁白|口播)\s*(?:\([^)]*\))?\s*[:：]\s*", "", row, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", row).strip()


def _wish(context: StepContext, spec: SpeechSpec, voices: Sequence[Voice], data: Mapping[str, Any], style: str) -> _Wish:
    note = context.note
    tones = tuple(counted(f"{spec.tone} {style} {note}", data["tone"]))
    named = next((voice.name for voice in voices if re.search(rf"(?<!\w){re.escape(voice.name)}(?!\w)", note, re.IGNORECASE)), "")
    short = [v.name for v in voices if re.search(rf"(?<!\w){re.escape(v.name.rpartition('_')[2])}(?!\w)", note, re.IGNORECASE)]
    note_gender = strongest(note, data["gender"])
    language = strongest(note, data["language"])
    return _Wish(
        name=named or (short[0] if len(short) == 1 else ""),
        gender=note_gender or strongest(spec.tone, data["gender"]),
        language=language,
        accent=language if "-" in language else "",
        tones=tones,
        note_gender=note_gender,
        note_tones=tuple(counted(note, data["tone"])),
    )


def _language(text: str, wanted: str) -> tuple[str, list[Said]]:
    """The language to speak in. The words decide: a voice cannot translate."""
    han = len(_HAN.findall(text))
    latin = len(re.findall(r"[A-Za-z]+", text))
    if wanted.split("-")[0] == "zh" and han == 0 and latin:
        return "en", [Said.of("The text is English, so an English voice speaks it; translate the text to hear it in Chinese.")]
    if wanted.split("-")[0] != "zh" and han > latin:
        return "zh", [Said.of("The text is Chinese, so a Chinese voice speaks it.")]
    return wanted, []


def _cast(context: StepContext, spec: SpeechSpec) -> CastMember | None:
    """The character's own entry; without a character, the narrator's."""
    wanted = (spec.character.strip() or "narrator").casefold()
    return next((member for member in context.brand.cast if member.name.strip().casefold() == wanted), None)


def _voice(
    context: StepContext, wish: _Wish, spec: SpeechSpec, voices: Sequence[Voice], member: CastMember | None
) -> tuple[Voice, str, list[Said]]:
    """(the voice, its name or blend as the recipe writes it, notes)."""
    if wish.name:
        return _named(wish.name, voices), wish.name, []
    for name in (spec.voice.strip(), member.voice if member is not None else ""):
        if not name:
            continue
        voice = _named(name, voices)
        if not voice.speaks(wish.language):
            chosen = _best(wish, voices, context.maker)
            told = "The voice {name} does not speak {language}: {chosen} speaks instead."
            return chosen, chosen.name, [Said.of(told, name=name, language=wish.language, chosen=chosen.name)]
        # A chosen voice stays, unless this take's note asks for what it is not.
        if wish.note_gender in ("", voice.gender) and (not wish.accent or voice.language == wish.accent):
            return voice, name if "*" in name or "+" in name else voice.name, []
        break
    chosen = _best(wish, voices, context.maker)
    return chosen, chosen.name, []


def _named(name: str, voices: Sequence[Voice]) -> Voice:
    """The voice of a name, or the first of a blend ("af_heart*0.5+bm_george*0.5"). Raises InputError naming near ones."""
    first = re.split(r"[*+]", name)[0].strip().casefold()
    exact = [voice for voice in voices if voice.name.casefold() == first]
    short = [voice for voice in voices if voice.name.casefold().rpartition("_")[2] == first]
    if exact or len(short) == 1:
        return (exact or short)[0]
    near = difflib.get_close_matches(first, [voice.name for voice in voices], n=4, cutoff=0.5)
    hint = "Did you mean {known}?" if near else "There are for example {known}."
    known = near or [v.name for v in voices[:6]]
    raise InputError("No voice called {name} can be had here.", hint=hint, field="voice", name=repr(name), known=known)


def _best(wish: _Wish, voices: Sequence[Voice], maker: str) -> Voice:
    """By language, gender and tone; the maker of the step where it has such a voice, then defaults and grades."""
    offered = [voice for voice in voices if voice.speaks(wish.language) and not voice.by_name]
    if not offered:
        known = sorted({voice.language.split("-")[0] for voice in voices})
        hint = "Voices here speak {known}." if known else "Install a speech model on the Models page."
        raise InputError("No voice here speaks {language}.", hint=hint, field="language", language=repr(wish.language), known=known)
    own = [voice for voice in offered if not maker or voice.engine == maker] or offered
    suited = [voice for voice in own if wish.gender in ("", voice.gender)] or [v for v in offered if v.gender == wish.gender] or own

    def merit(voice: Voice) -> tuple[float, bool, int]:
        # The newest wish weighs most: "warmer" in a note beats the tone of the spec.
        tone = len(set(voice.tone) & set(wish.tones)) + len(set(voice.tone) & set(wish.note_tones))
        accent = 3.0 if "-" in wish.language and voice.language == wish.language else 0.0
        return (tone + accent, voice.default, _GRADES.find(voice.quality[:1] or "C"))

    return max(suited, key=merit)


def _speed(spec: SpeechSpec, member: CastMember | None, note: str, wish: _Wish, data: Mapping[str, Any]) -> float:
    factor = data["factor"]
    speed = spec.speed * (member.speed if member is not None else 1.0)
    change = strongest(note, data["speed"])
    if change:
        speed *= factor[change]
    for tone in wish.tones:
        speed *= factor.get(tone, 1.0)
    return round(max(0.5, min(2.0, speed)), 3)


def count_units(text: str, language: str) -> int:
    """What is counted of a text to be spoken: words, and for Chinese its characters too."""
    units = len(_HAN.findall(text)) if language.startswith("zh") else 0
    return units + len(re.findall(r"[A-Za-z0-9]+(?:['’.,-][A-Za-z0-9]+)*", text))


def spare_units(text: str, language: str, speed: float, seconds: float, pace: Mapping[str, float]) -> int:
    """How many words (Chinese: characters) are more than these seconds hold at the usual pace; 0 where they hold it."""
    rate = pace["zh" if language.startswith("zh") else "en"] * speed
    units = count_units(text, language)
    return max(0, units - int(seconds * rate)) if units > seconds * rate * _ROOMY else 0


def _fit(text: str, language: str, speed: float, seconds: float, pace: Mapping[str, float]) -> list[Said]:
    if not seconds:
        return []
    units = count_units(text, language)
    rate = pace["zh" if language.startswith("zh") else "en"] * speed
    needed = units / rate
    if needed <= seconds * _ROOMY:
        return []
    unit = Said.of("characters") if language.startswith("zh") else Said.of("words")
    over = units - int(seconds * rate)
    told = "The text takes about {needed} s to speak; {seconds} s were asked for. Shorten it by about {over} {unit}."
    return [Said.of(told, needed=f"{needed:.0f}", seconds=f"{seconds:g}", over=over, unit=unit)]
