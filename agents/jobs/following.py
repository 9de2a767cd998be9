"""What leans on earlier turns: "again", "no, shorter", "the second one", "now divide that by 8", "that is wrong".

Works on the last turns of a conversation, oldest first. Reads no more into a message than the word lists name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePath

from agents.jobs.arithmetic import number
from agents.jobs.given import joined
from agents.jobs.kinds import ChatJob, JobKind
from agents.jobs.passages import terms
from agents.jobs.reading import JobReader, any_of
from agents.lexicon import CJK
from agents.quantities import chinese_number
from domain.context import AttachedText
from domain.conversation import Intent, Turn

_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)、])\s*(\S.*?)\s*$", re.MULTILINE)
_LIST_ASK = re.compile(r"\b(?:bullets?|bullet points?|list)\b|列表|清单")
_TABLE_ASK = re.compile(r"\btable\b|表格")
#: "a banner", not "the headline": a new thing is ordered.
_NEW = re.compile(r"\b(?:an?|some|two|three|\d+)\b|[一两三][个张条份篇]")
#: Words that stand for what was spoken of.
_LEANS = re.compile(r"\b(?:it|its|he|she|they|them|their|his|her|this|that|there|these|those)\b|[它他她其这那]|文中|原文")
#: What a question must lean on to be about a text pasted earlier.
_ASKS = re.compile(r"[?？]\s*$|^(?:who|what|when|where|which|why|how)\b|什么|谁|哪|几|多少|为什么", re.IGNORECASE)


class FollowReader:
    def __init__(self, jobs: JobReader) -> None:
        self._jobs = jobs
        words = jobs.words.follow
        self._attached = any_of(words.attached)
        self._again, self._change, self._dispute = any_of(words.again), any_of(words.change), any_of(words.dispute)
        self._item = re.compile(words.item)
        self._sums = [(re.compile(s.find), s.put) for s in words.sums]
        self._words = words

    def read(self, message: str, turns: Sequence[Turn]) -> ChatJob | None:
        """The job a message asks for by leaning on the last answer, or None when there is no answer to lean on."""
        if len(turns) < 2 or turns[-1].role != "assistant" or turns[-1].intent not in (Intent.ANSWER, None):
            return None
        bare = self._bare(message)
        last = turns[-1].text
        # 1. Once more.
        if self._again.search(bare):
            return self._once_more(turns)
        # 2. On with the last number.
        for pattern, put in self._sums:
            value = self._jobs.sums.last_number(last)
            if value is not None and (match := pattern.search(bare)):
                expression = match.expand(put.replace("\\%", "%")).replace("{n}", _exact(value))
                return ChatJob(kind=JobKind.ARITHMETIC, ask=message, message=message, sum=expression, follows=True)
        # 3. One item of the last list, then a change of the last answer.
        item = self._pointed(bare, turns)
        if item is not None:
            return self._with_item(message, bare, *item)
        if self._changes(bare):
            return None if self._jobs.ordered(message) and _NEW.search(bare) else self._reworded(message, bare, last, turns)
        if self._dispute.search(bare):
            return None if self._jobs.names(bare) else self._disputed(message, turns)
        # 4. A question about a text that was pasted earlier.
        if _ASKS.search(message.strip()) and len(message) <= 200:
            return self._about_earlier(message, turns)
        return None

    def about_files(self, message: str, files: Sequence[AttachedText]) -> ChatJob | None:
        """The job of a message that means files of earlier messages (the newest first): by name, by "the report", or by what it asks.

        None where it means none of them, or orders what the studio makes.
        """
        folded = message.lower()
        named = [f for f in files if f.name.lower() in folded or PurePath(f.name).stem.lower() in re.findall(r"[\w-]+", folded)]
        if not named and self._attached.search(folded):
            named = list(files[:1])
        if not named and _ASKS.search(message.strip()) and len(message) <= 200 and files:
            # A question on its own is about the newest file when most of its words stand there.
            asked, there = set(terms(message)), set(terms(files[0].text))
            named = [files[0]] if len(asked) >= 2 and len(asked & there) * 3 >= len(asked) * 2 else []
        if not named or self._jobs.ordered(message):
            return None
        text, given = joined(named)
        job = self._jobs.read(message, text)
        if job is None or not job.text:
            return None
        return job.model_copy(update={"follows": True, "given": given})

    def _bare(self, message: str) -> str:
        return " ".join(message.lower().replace("’", "'").split()).strip(" .,:;!?。，：；！？…\"'“”")

    def _changes(self, bare: str) -> bool:
        words = len(CJK.findall(bare)) // 2 if CJK.search(bare) else len(bare.split())
        return words <= self._words.change_words and bool(self._change.search(bare)) and not self._jobs.sums.claim(bare)

    def _once_more(self, turns: Sequence[Turn]) -> ChatJob | None:
        """The last message that stood on its own, with all that was answered since."""
        for index in range(len(turns) - 2, -1, -1):
            turn = turns[index]
            if turn.role != "user" or self._again.search(self._bare(turn.text)):
                continue
            answers = tuple(t.text for t in turns[index + 1 :] if t.role == "assistant")
            before = turns[:index]
            job = self._jobs.read(turn.text) or self.read(turn.text, before)
            job = job or ChatJob(kind=JobKind.WRITING, ask=turn.text, message=turn.text)
            return job.model_copy(update={"earlier": answers, "follows": True})
        return None

    def _pointed(self, bare: str, turns: Sequence[Turn]) -> tuple[str, re.Match[str]] | None:
        match = self._item.search(bare)
        if match is None:
            return None
        for turn in reversed(turns):
            items = _ITEM.findall(turn.text) if turn.role == "assistant" else []
            if len(items) >= 2:
                named = match.groupdict()
                said = named.get("en") or ""
                counted = named.get("number") or named.get("zh") or ""
                index = self._words.ordinals.get(said) or (-1 if named.get("last") else chinese_number(counted))
                if index is None or abs(index) > len(items):
                    return None
                return items[index - 1 if index > 0 else index], match
        return None

    def _with_item(self, message: str, bare: str, item: str, match: re.Match[str]) -> ChatJob:
        item = item.strip("* ")
        rest = (bare[: match.start()] + " " + bare[match.end() :]).strip()
        job = self._jobs.read(f"{self._jobs.bare(rest.replace('make  ', 'make this '))}: {item}") if rest else None
        if job is not None and job.text and job.kind is not JobKind.QUESTION:
            return job.model_copy(update={"message": message, "follows": True})
        if rest and self._changes(rest.replace("make  ", "make it ")):
            return self._reworded(message, rest, item)
        named = re.compile(self._item.pattern, re.IGNORECASE).sub(lambda _m: item, " ".join(message.split()), count=1)
        return ChatJob(kind=JobKind.WRITING, ask=named, message=message, follows=True)

    def _reworded(self, message: str, bare: str, text: str, turns: Sequence[Turn] = ()) -> ChatJob:
        target = self._jobs.language_in(bare) or self._jobs.language_in(f"in {bare.removeprefix('and ').removeprefix('in ')}")
        if target:
            root = self._jobs.read(turns[-2].text) if len(turns) >= 2 else None
            text = root.text if root is not None and root.kind is JobKind.TRANSLATION else text
            return ChatJob(kind=JobKind.TRANSLATION, ask=message, text=text, message=message, target=target, follows=True)
        kind = JobKind.TABLE if _TABLE_ASK.search(bare) else JobKind.LIST if _LIST_ASK.search(bare) else JobKind.REWRITING
        return ChatJob(kind=kind, ask=message, text=text, message=message, follows=True)

    def _disputed(self, message: str, turns: Sequence[Turn]) -> ChatJob:
        asked = next((t.text for t in reversed(turns[:-1]) if t.role == "user" and not self._dispute.search(self._bare(t.text))), "")
        root = self._jobs.read(asked) if asked else None
        text = root.text if root is not None and root.kind is JobKind.QUESTION else ""
        return ChatJob(kind=JobKind.DISPUTE, ask=message, text=text, message=message, about=asked, answer=turns[-1].text, follows=True)

    def _about_earlier(self, message: str, turns: Sequence[Turn]) -> ChatJob | None:
        for turn in reversed(turns):
            job = self._jobs.read(turn.text) if turn.role == "user" else None
            if job is not None and len(job.text) >= 40 and job.kind not in (JobKind.CODE, JobKind.SQL):
                own = self._jobs.read(message)
                leans = _LEANS.search(message.lower()) or set(terms(message)) & set(terms(job.text))
                if (own is not None and own.text) or not leans or self._jobs.ordered(message):
                    return None
                return ChatJob(kind=JobKind.QUESTION, ask=message, text=job.text, message=message, follows=True)
        return None


def _exact(value: Fraction) -> str:
    """A fraction as an expression."""
    return number(value) if number(value)[0] != "≈" else f"({value.numerator}/{value.denominator})"
