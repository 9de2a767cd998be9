"""Which everyday job a message is, and the text it is about. Word lists in assets/lexicon/jobs.toml; no model.

A message that orders what the studio makes is no job. What leans on earlier turns ("again", "the second one") is read in following.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field, ValidationError

from agents.jobs.exact import ExactReader
from agents.jobs.kinds import ChatJob, JobKind
from agents.jobs.passages import tokens_in
from agents.jobs.sums import SumReader
from agents.lexicon import CJK, load_toml
from agents.recipes import RecipeBook
from agents.request import RequestReader
from domain.errors import InputError
from domain.value import Value

#: An instruction longer than this is text that happens to hold a word of ours.
_ASK_MOST = 400
#: Tokens that make what follows a question a text and not one more remark.
_TEXT_LEAST = 20
#: Han characters of a name in quotes are fewer than this.
_NAME_MOST = 6
#: How an order to work on a text begins in Chinese, where the verb comes late.
_ABOUT_A_TEXT = ("把", "将")
#: A problem in words or a question of fact is at most so long.
_PROBLEM_MOST = 600
_FENCE = re.compile(r"```[\w+-]*\n?(.*?)```", re.DOTALL)
_QUOTED = re.compile(r"“([^”]{2,})”|「([^」]{2,})」|\"([^\"]{2,})\"", re.DOTALL)
_COLON = re.compile(r"(?:：|:(?=\s|[^\x00-\x7f]|$|[\"“]))\s*")
_CODE = re.compile(
    r"```|\bdef \w+\(|\bprint\(|\breturn \w|\bfor \w+ in \w|\bimport \w+$|=>"
    r"|\bfunction \w*\(|[{};]\s*$|\bclass \w+[:(]|\bconsole\.log|#include|</?\w+>",
    re.MULTILINE,
)
_CODE_ASK = re.compile(r"\b(?:why|what|explain|fix|debug|how|wrong|error|fails?|output|improve)\b|为什么|解释|什么|错|修", re.IGNORECASE)
_QUERY = re.compile(r"\b(?:select\b.{1,400}\bfrom|insert into|create table|update \w+ set)\b", re.IGNORECASE | re.DOTALL)
#: A problem in words: two numbers and a question after how much.
_ASKS_AMOUNT = re.compile(
    r"\b(?:how (?:much|many|long|far|fast|old)|what (?:is|was|will be|would be|do|does|did|are))\b"
    r"|多少|几(?:个|元|天|人|小时|岁)|共",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\d+(?:[.,]\d+)?|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|half|twice|dozen)\b|[两三四五六七八九十](?=[个只本元天])"
)


class JobWords(Value):
    kind: JobKind
    ask: tuple[str, ...]
    text: bool = False
    kinds: bool = False


class Checked(Value):
    ask: tuple[str, ...]
    premise: tuple[str, ...]


class Unknowable(Value):
    id: str
    ask: tuple[str, ...]


class SumFollow(Value):
    find: str
    put: str


class FollowWords(Value):
    again: tuple[str, ...]
    change: tuple[str, ...]
    change_words: int
    dispute: tuple[str, ...]
    attached: tuple[str, ...]
    sums: tuple[SumFollow, ...]
    item: str
    ordinals: dict[str, int]


class JobLexicon(Value):
    """assets/lexicon/jobs.toml"""

    polite: str
    marks: str
    orders: tuple[str, ...]
    question: tuple[str, ...]
    job: tuple[JobWords, ...] = Field(min_length=1)
    checked: Checked
    unknowable: tuple[Unknowable, ...]
    follow: FollowWords

    @staticmethod
    def load(assets: Path) -> JobLexicon:
        path = assets / "lexicon" / "jobs.toml"
        try:
            return JobLexicon(**load_toml(path))
        except (ValidationError, TypeError) as error:
            raise InputError(
                "The word lists in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error


class JobReader:
    """Reads messages with one set of word lists. Stateless after construction."""

    def __init__(self, words: JobLexicon, requests: RequestReader, sums: SumReader, exact: ExactReader, recipes: RecipeBook) -> None:
        self.words = words
        self.sums = sums
        self.exact = exact
        self._requests = requests
        self._recipes = recipes
        self._polite = re.compile(words.polite)
        self._marks = re.compile(words.marks, re.IGNORECASE)
        self._orders = any_of(words.orders)
        self._question = any_of(words.question)
        self._jobs = [(job, any_of(job.ask)) for job in words.job]
        self._checked, self._premise = any_of(words.checked.ask), any_of(words.checked.premise)
        self._unknowable = [(u.id, any_of(u.ask)) for u in words.unknowable]

    @staticmethod
    def load(assets: Path, requests: RequestReader, recipes: RecipeBook) -> JobReader:
        """Raises InputError naming the file at fault."""
        try:
            return JobReader(JobLexicon.load(assets), requests, SumReader.load(assets), ExactReader.load(assets), recipes)
        except re.error as error:
            raise InputError(
                "The word lists in jobs.toml are not valid: {error}.", field=str(assets / "lexicon" / "jobs.toml"), error=str(error)
            ) from error

    def read(self, message: str, attached: str = "", *, told_before: bool = False) -> ChatJob | None:
        """The job that a message is on its own, or None.

        attached: text that came with it. told_before: earlier turns may hold the answer.
        """
        # 1. A sum, and what nobody here can know.
        found = self.sums.read(message)
        if found is not None:
            return ChatJob(kind=JobKind.ARITHMETIC, ask=message, message=message, sum=message)
        if self.exact.read(message) is not None:
            return ChatJob(kind=JobKind.EXACT, ask=message, message=message, sum=message)
        bare = self.bare(message)
        reason = next((name for name, pattern in self._unknowable if pattern.search(bare)), "")
        if reason and len(bare) <= _ASK_MOST and not (reason == "personal" and told_before) and not self.names(bare):
            return ChatJob.model_validate({"kind": JobKind.UNKNOWABLE, "ask": message, "message": message, "reason": reason})
        # 2. What the word lists name, with the text it is about.
        splits = list(self._splits(message, attached))
        for ask, text in splits:
            for words, pattern in self._jobs:
                job = self._matched(words, pattern, ask, text, message)
                if job is not None:
                    return job
        # 3. A question or a remark about code, then a question about a text.
        for ask, text in splits:
            if text and len(ask) <= _ASK_MOST and self._question.search(self.bare(ask)) and not self.ordered(ask):
                code = _CODE.search(text) and _CODE_ASK.search(ask)
                kind = JobKind.CODE if code else JobKind.SQL if _QUERY.search(text) else JobKind.QUESTION
                return ChatJob(kind=kind, ask=ask, text=text, message=message)
        # 4. A problem in words, and a question with one short answer.
        if len(message) > _PROBLEM_MOST or self.names(bare) or self.ordered(bare):
            return None
        if _ASKS_AMOUNT.search(bare) and len(_AMOUNT.findall(bare)) >= 2 and not self._checked.match(bare):
            return ChatJob(kind=JobKind.ARITHMETIC, ask=message, message=message)
        if len(bare) <= 200 and (self.checked(bare) or self.rests(bare)):
            return ChatJob(kind=JobKind.FACT, ask=message, message=message)
        return None

    def bare(self, ask: str) -> str:
        """Lower case, on one line, politeness and edges off."""
        folded = " ".join(ask.lower().replace("’", "'").split())
        return self._polite.sub("", folded).strip(" .,:;!。，：；！…\"'“”")

    def _is_for_the_studio(self, bare: str, at: int, text: str) -> bool:
        """Whether an order for something the studio makes only happens to hold the words of a job, later than at its start (`at`), or
        beside a name in quotes instead of a text: "给“小鹿书店”设计海报，用活泼的口吻"."""
        made = bool(self._orders.search(bare)) and (self.names(bare) or self._recipes.match(bare) is not None)
        if not made or bare.startswith(_ABOUT_A_TEXT):
            return False
        return not text or at > 0 or (bool(CJK.search(text)) and len(text) < _NAME_MOST)

    def checked(self, bare: str) -> bool:
        """Whether a question has one short answer that several draws can agree on."""
        return bool(self._checked.search(bare))

    def rests(self, bare: str) -> bool:
        """Whether a question takes something for granted."""
        return bool(self._premise.search(bare))

    def language_in(self, ask: str) -> str:
        """The code of the language an instruction names, "" for none."""
        found = self._requests.languages_in(f"{ask.lower().strip(' ?.!')} ")
        return found[0] if found else ""

    def _matched(self, words: JobWords, pattern: re.Pattern[str], ask: str, text: str, message: str) -> ChatJob | None:
        if len(ask) > _ASK_MOST or (words.text and not text and "(?P<text" not in pattern.pattern):
            return None
        bare = self.bare(ask)
        match = pattern.search(bare)
        if match is None:
            return None
        inside = next((v for k, v in match.groupdict().items() if k.startswith("text") and v), "")
        text = text or inside.strip(" \"'“”…")
        if words.text and not text:
            return None
        if not words.kinds and self.names(bare):
            return None
        if words.kinds and self._is_for_the_studio(bare, match.start(), text):
            return None
        target = self.language_in(ask) if words.kind is JobKind.TRANSLATION else ""
        return ChatJob(kind=words.kind, ask=ask, text=text, message=message, target=target)

    def names(self, bare: str) -> bool:
        """Whether a message names something the studio makes."""
        return self._requests.read(bare).names_something

    def ordered(self, ask: str) -> bool:
        """Whether a message orders something the studio makes."""
        bare = self.bare(ask)
        return bool(self._orders.search(bare)) and self.names(bare)

    def _splits(self, message: str, attached: str) -> Iterator[tuple[str, str]]:
        """Ways to part a message into an instruction and a text, the surest first."""
        if attached:
            yield message, attached
        if fence := _FENCE.search(message):
            yield (message[: fence.start()] + " … " + message[fence.end() :]).strip(), fence.group(1).strip("\n")
        yield from self._marked(message)
        paragraphs = [p for p in re.split(r"\n\s*\n", message.strip()) if p.strip()]
        if len(paragraphs) > 1:
            yield paragraphs[0].strip(), message.strip()[len(paragraphs[0]) :].strip()
            yield paragraphs[-1].strip(), message.strip()[: -len(paragraphs[-1])].strip()
        colon = _COLON.search(message[:_ASK_MOST])
        if colon and message[colon.end() :].strip():
            yield message[: colon.start()].strip(), message[colon.end() :].strip(' \n"“”')
        quoted = list(_QUOTED.finditer(message))
        if quoted:
            last = max(quoted, key=lambda m: len(m.group()))
            yield (message[: last.start()] + " … " + message[last.end() :]).strip(), next(g for g in last.groups() if g)
        asked = re.search(r"[?？]\s*(?=\S)", message[:_ASK_MOST])
        rest = message[asked.end() :] if asked else ""
        if asked and not quoted and (_CODE.search(rest) or tokens_in(rest) >= _TEXT_LEAST):
            yield message[: asked.end()].strip(), message[asked.end() :].strip()
        lines = message.strip().split("\n", 1)
        if len(lines) == 2:
            yield lines[0].strip(), lines[1].strip()
        yield message.strip(), ""

    def _marked(self, message: str) -> Iterator[tuple[str, str]]:
        mark = self._marks.search(message)
        if mark is None:
            return
        before, after = message[: mark.start()].strip(), message[mark.end() :].strip()
        if before and after:
            yield before, after
        elif after:  # "Text: ... Question?": the last paragraph or line asks
            text, _, ask = after.rpartition("\n")
            if text.strip():
                yield ask.strip(), text.strip()


def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for several; the named group `text` of each gets a name of its own."""
    renamed = [p.replace("(?P<text>", f"(?P<text{n}>") for n, p in enumerate(patterns)]
    return re.compile("|".join(f"(?:{p})" for p in renamed) or r"(?!)")
