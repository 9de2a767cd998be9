"""What each step of a plan is about, where one sentence of the brief lists several kinds: "a banner and a tagline for X". Pure code.

A step keeps its own part of that sentence, and the words that all parts share; other sentences stay with every step. Never a word that
is not in the brief; in doubt the whole brief. What a text may state is not asked here: the whole brief is its material anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agents.lexicon import CJK, KindWord
from agents.request import RequestReader
from domain.capability import StepKind
from domain.plan import Step
from domain.specs import ArticleSpec, CopySpec, ScriptSpec
from domain.value import Value

#: Kinds whose `about` is the brief itself; pictures and music get a subject of their own.
_WRITTEN = (CopySpec, ArticleSpec, ScriptSpec)
_SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?](?=\w)[^.!?。！？\n]*)*[.!?。！？\n]*")
#: Where one item of a list ends and the next begins. The last one in a gap parts it.
_PARTS = {
    "en": re.compile(r",?\s+(?:and|plus|then|as well as|along with)\s+|\s*[,;&+]\s+", re.IGNORECASE),
    "zh": re.compile(r"[，、；,]\s*(?:再|还有|以及|和|并)?|以及|还有|和|及|跟"),
}
#: What may stand before a kind in its part without saying what it is about.
_BARE = {
    "en": re.compile(
        r"^(?:(?:make|write|create|design|give|do|i|we|me|us|need|want|please|also|an?|the|some|one|two|three|four|five|six|\d+|short|new)\s+)*$",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"^(?:请|帮我|给我|再|还要|要|做|写|设计|制作|画|来|配|生成|创作|[一二两三四五六七八九十\d]+|[张条句个篇份段幅则])*$"),
}  # fmt: skip
_VERBS = "做|写|设计|制作|画|来|生成|创作|配|准备"
_FOR = re.compile(rf"^(?P<whom>.*?(?:为|给|替|关于)[^，。；]+?)(?P<verb>{_VERBS}|的)")


@dataclass(frozen=True)
class _Part:
    """One item of the list: its words, and those that say what it is about, "" where it leans on another's."""

    word: KindWord
    text: str
    before: str
    after: str


def with_subjects(steps: Sequence[Step], about: str, reader: RequestReader) -> tuple[Step, ...]:
    """Steps whose `about` is the whole brief, each with its own part of it."""
    return tuple(_with_subject(step, about, reader) for step in steps)


def _with_subject(step: Step, about: str, reader: RequestReader) -> Step:
    spec: Value = step.spec
    if not isinstance(spec, _WRITTEN) or spec.about != about:
        return step
    own = subject_for(about, spec.kind, getattr(spec, "form", ""), reader)
    return step.model_copy(update={"spec": spec.model_copy(update={"about": own})})


def subject_for(about: str, kind: StepKind, form: str, reader: RequestReader) -> str:
    """The brief as it concerns one kind in one form; the whole brief where no sentence of it lists several."""
    language = "zh" if CJK.search(about) else "en"
    sentences = _SENTENCE.findall(about)
    if "".join(sentences) != about:
        return about
    return "".join(_own(sentence, kind, form, reader, language) for sentence in sentences).strip() or about


def _own(sentence: str, kind: StepKind, form: str, reader: RequestReader, language: str) -> str:
    parts = _parts(sentence, reader, language)
    mine = [part for part in parts if part.word.kind is kind and (not form or part.word.form in ("", form))]
    if kind is StepKind.COPY and not mine:  # the words of a banner
        mine = [part for part in parts if part.word.kind is StepKind.LAYOUT]
    if not mine or len(mine) == len(parts):
        return sentence
    joined = (" and " if language == "en" else "和").join(_whole(part, parts, language) for part in mine)
    end = re.search(r"[.!?。！？\s]*$", sentence)
    return joined.rstrip(" ,，.!?。！？\n") + (end.group() if end else "")


def _parts(sentence: str, reader: RequestReader, language: str) -> list[_Part]:
    """The items of a list of kinds; [] where the sentence has fewer than two, or what is between two of them parts nothing."""
    low = sentence.lower()
    mentions = reader.kind_mentions(low) if len(low) == len(sentence) else []
    if len({(word.kind, word.form, word.field) for _, _, word, _ in mentions}) < 2:
        return []
    cuts = [0]
    for (_, end, _, _), (start, _, _, _) in pairwise(mentions):
        found = list(_PARTS[language].finditer(sentence, end, start))
        if not found:
            return []
        cuts += [found[-1].start(), found[-1].end()]
    cuts.append(len(sentence))
    parts = []
    for number, (start, end, word, _) in enumerate(mentions):
        first, last = cuts[2 * number], cuts[2 * number + 1]
        parts.append(_Part(word, sentence[first:last].strip(), sentence[first:start].strip(), sentence[end:last].strip(" ,，.!?。！？\n")))
    return parts


def _whole(part: _Part, parts: Sequence[_Part], language: str) -> str:
    """A part with what it leans on: in English the next one's end, else the last one's before it; in Chinese who the first is for."""
    if part.after or not _BARE[language].match(f"{part.before} " if language == "en" else part.before):
        return part.text
    at = parts.index(part)
    lent = next((p.after for p in [*parts[at + 1 :], *reversed(parts[:at])] if p.after), "")
    if language == "en":
        return f"{part.text} {lent}".strip()
    whose = _FOR.match(parts[0].text) if at else None
    lead = "" if whose is None else whose["whom"] if re.match(rf"再?(?:{_VERBS})", part.text) else whose.group()
    return f"{lead}{part.text}{lent}"
