"""What an edit does to the spec of one step: lengths, sizes, moods, voices, words, subjects, notes. Pure.

Knows specs and the word lists of edits. Does not know which step is meant; agents/references.py finds that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agents.lexicon import CJK, Phrases, words_pattern
from agents.references import EditWords
from agents.request import RequestReading
from agents.styling import Styling
from domain.plan import Step
from domain.specs import ArticleSpec, CopySpec, DialogueSpec, LayoutSpec, MixSpec, MusicSpec, PictureSpec, SoundSpec, Spec, SpeechSpec

_VOICE = re.compile(r"(?<![a-z])[abefhijpz][fm]_[a-z]+(?![a-z])")
#: Lengths and sizes: said by typed fields, never by a note.
_TYPED = re.compile(
    r"(?:in |to |of |for |about )?\d+(?:\.\d+)?[\s-]*(?:(?:seconds?|secs?|minutes?|mins?|words?)\b|秒钟?|分钟|个?字)"
    r"|\d{2,4}\s*[x×]\s*\d{2,4}(?:px)?"
)
_QUOTES = '"“”「」『』《》 '


@dataclass
class Change:
    """spec: as it should be. how: typed changes in words, for the summary. note: what only words can say ("warmer")."""

    spec: Spec
    how: list[str] = field(default_factory=list)
    note: str = ""


class Changer:
    def __init__(self, words: EditWords, phrases: Phrases, styling: Styling) -> None:
        self._styling = styling
        self._words = words
        self._phrases = phrases

    def change(self, step: Step, clause: str, rest: str, reading: RequestReading, quotes: Sequence[str], told: str) -> Change:
        """clause: the person's words, lower case; rest: the same without the reference; reading: what word lists find in the clause."""
        change = Change(step.spec, note=self.note(rest))
        spec = step.spec
        if isinstance(spec, SpeechSpec | MusicSpec | SoundSpec | MixSpec):
            self._sound(change, spec, clause, reading, quotes, told)
        elif isinstance(spec, LayoutSpec):
            self._layout(change, spec, clause, reading, quotes, told)
        elif isinstance(spec, PictureSpec):
            self._picture(change, spec, clause, rest, reading, told)
        elif isinstance(spec, ArticleSpec):
            words = reading.words or self._scaled(spec.words, clause)
            if words != spec.words:
                words = max(20, min(1500, words))
                self._set(change, told, "words", n=words, words=words)
        if change.how and _only_typed(change.note, change.how, reading):
            change.note = ""
        if change.note:
            change.spec = noted(change.spec, change.note)
        return change

    def note(self, rest: str) -> str:
        """What is left of a clause when the words around the wish are taken off its ends."""
        # Chinese fillers also stand inside ("让配音更温暖" without its reference is "让 更温暖").
        fillers = words_pattern(self._words.fillers.en, (), plural=False)
        text = " ".join(rest.replace("…", " ").split()).strip(" ,.;:!?，。；：！？、-")
        while True:
            before = text
            text = _TYPED.sub(" ", text).strip()
            match = fillers.match(text)
            if match:
                text = text[match.end() :]
            text = text.strip(" ,.;:!?，。；：！？、-'")
            for filler in sorted(self._words.fillers.zh, key=len, reverse=True):
                if text.startswith(filler):
                    text = text[len(filler) :]
                    break
                if CJK.search(text) and text.endswith(filler):
                    text = text[: -len(filler)]
                    break
            for tail in (" please", " again", " a bit", " a little", " to", " the", " with", " in", " on", " and", " it"):
                if text.endswith(tail):
                    text = text[: -len(tail)]
            if text == before:
                return text[:200]

    # -- by kind ---------------------------------------------------------------------------------------------------------------

    def _sound(
        self,
        change: Change,
        spec: SpeechSpec | MusicSpec | SoundSpec | MixSpec,
        clause: str,
        reading: RequestReading,
        quotes: Sequence[str],
        told: str,
    ) -> None:
        seconds = reading.seconds.get(spec.kind) or next(iter(reading.seconds.values()), None) or reading.seconds_any
        if seconds is None and spec.seconds:
            seconds = self._scaled(spec.seconds, clause)
        if seconds and seconds != spec.seconds:
            most = 60.0 if isinstance(spec, SoundSpec) else 300.0
            seconds = min(most, max(2.0, float(seconds)))
            self._set(change, told, "seconds", n=seconds, seconds=seconds)
        if isinstance(spec, MusicSpec):
            mood = self._mood(clause) or reading.mood
            if mood and mood != spec.mood:
                self._set(change, told, "mood", name="mood", mood=mood)
            return
        if not isinstance(spec, SpeechSpec):
            return
        voice = _VOICE.search(clause)
        if voice:
            self._set(change, told, "voice", name="voice", voice=voice.group())
        if self._says(self._words.slower, clause) or self._says(self._words.faster, clause):
            factor = 0.88 if self._says(self._words.slower, clause) else 1.12
            speed = round(min(2.0, max(0.5, spec.speed * factor)), 2)
            self._set(change, told, "speed", n=speed, speed=speed)
        if quotes:
            text = quotes[0].strip(_QUOTES)[:5000]
            change.how.append(self._phrases.say("how_says", told, field=self._phrases.say("kind_speech", told), text=text))
            change.spec = change.spec.model_copy(update={"text": text})

    def _layout(self, change: Change, spec: LayoutSpec, clause: str, reading: RequestReading, quotes: Sequence[str], told: str) -> None:
        if reading.sizes and reading.sizes[-1] != spec.size:
            size = reading.sizes[-1]
            change.spec = change.spec.model_copy(update={"size": size})
            change.how.append(self._phrases.say("how_size", told, width=size.width, height=size.height))
        if quotes:
            names = (("cta", ("cta", "call to action", "button", "按钮", "行动")), ("body", ("body", "text", "正文", "副标题")))
            name = next((name for name, said in names if any(s in clause for s in said)), "headline")
            limit = {"cta": 60, "body": 400, "headline": 200}[name]
            text = quotes[0].strip(_QUOTES)[:limit]
            change.spec = change.spec.model_copy(update={name: text})
            change.how.append(self._phrases.say("how_says", told, field=name, text=text))

    def _picture(self, change: Change, spec: PictureSpec, clause: str, rest: str, reading: RequestReading, told: str) -> None:
        if reading.sizes:
            size = reading.sizes[-1]
            change.spec = change.spec.model_copy(update={"width": size.width, "height": size.height})
            change.how.append(self._phrases.say("how_size", told, width=size.width, height=size.height))
            return
        presets = self._styling.presets(clause)
        if len(presets) == 1:  # "make picture 2 pixel art": it looks otherwise and shows the same
            change.spec = change.spec.model_copy(update={"preset": presets[0].id, "scene": None})
            change.how.append(self._phrases.say("how_style", told, style=presets[0].name.of(told)))
            change.note = ""
            return
        subject = self.subject(rest)
        if subject:
            change.spec = change.spec.model_copy(update={"about": subject, "scene": None})
            change.how.append(self._phrases.say("how_shows", told, what=subject))
            change.note = ""

    def subject(self, rest: str) -> str:
        """The new subject of a picture ("change … to a red fox"), "" where the words only describe ("make … warmer")."""
        pattern = words_pattern(self._words.about.en, self._words.about.zh, plural=False)
        match = pattern.search(rest)
        if match is None:
            return ""
        subject = rest[match.end() :].strip(" ,.;:!?，。；：！？、-")
        subject = re.sub(r"^(?:show|be|of|a picture of|一张|一幅|一个画面)\s*", "", subject)
        comparative = re.fullmatch(r"[a-z]+er", subject)
        return "" if len(subject) < 2 or comparative or re.match(r"(?:be\s+)?(?:more|less|much|更|再)\b", subject) else subject[:2000]

    # -- small things ----------------------------------------------------------------------------------------------------------

    def _scaled(self, value: float | int, clause: str) -> int:
        if self._says(self._words.shorter, clause):
            return round(value * 0.7)
        return round(value * 1.4) if self._says(self._words.longer, clause) else round(value)

    def _mood(self, clause: str) -> str:
        return next((mood for mood, words in self._words.moods.items() if words.pattern(plural=False).search(clause)), "")

    @staticmethod
    def _says(words: object, clause: str) -> bool:
        pattern = getattr(words, "pattern", None)
        return bool(pattern is not None and pattern(plural=False).search(clause))

    def _set(self, change: Change, told: str, how: str, *, name: str = "", n: float | int = 0, **values: object) -> None:
        change.spec = change.spec.model_copy(update=values)
        said = {"n": n, **values} if not name else values
        change.how.append(self._phrases.say(f"how_{how}", told, **said))


def noted(spec: Spec, note: str) -> Spec:
    """The spec with a wish written into the free text its maker reads, so that a first take obeys it too. Bounded by the field."""
    if isinstance(spec, CopySpec | ArticleSpec | DialogueSpec | SpeechSpec):
        return spec.model_copy(update={"tone": _joined(spec.tone, note, 120)})
    if isinstance(spec, PictureSpec):
        return spec.model_copy(update={"style": _joined(spec.style, note, 120)})
    return spec.model_copy(update={"about": _joined(spec.about, note, 2000)})


def _joined(old: str, new: str, limit: int) -> str:
    """Both, the newest kept whole when there is no room for all."""
    if not old or new in old:
        return (old or new)[:limit]
    joined = f"{old}; {new}"
    return joined if len(joined) <= limit else new[:limit]


def _only_typed(note: str, how: Sequence[str], reading: RequestReading) -> bool:
    """Whether the note says no more than the typed change did ("20 seconds", "1080x1080", "shorter", "slower")."""
    left = re.sub(
        r"\d+(?:\.\d+)?|seconds?|secs?|minutes?|mins?|秒钟?|分钟|words?|个?字|[x×]|px|voice|say|to|in|for|long|about|format|size|版",
        " ",
        note,
    )
    for size in reading.sizes:
        left = left.replace(size.name, " ")
    return len(left.split()) <= 1 and len(left.strip()) <= 12 and bool(how)
