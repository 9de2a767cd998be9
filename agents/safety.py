"""What is refused, and what is no work of a studio: rules as data (assets/lexicon/safety.toml), in English and Chinese.

Knows texts only. Pictures and sounds are judged elsewhere, by models. Fails closed: a bad rule file is an error at load.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError, model_validator

from agents.lexicon import CJK, Named, load_toml
from domain.errors import ContentRefused, InputError
from domain.moderation import AS_WISHED, WORDS_MAX, Graded, Level, Outcome, Reason, SafetyFinding, Screening, Stage
from domain.value import Value

#: Characters people put between letters to slip past a word list: zero-width signs, soft hyphens, stars.
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")
_SENTENCES = re.compile(r"(?<=[.!?。！？\n])\s*")
_NOTHING = Graded(strict=Outcome.ALLOWED, standard=Outcome.ALLOWED, open=Outcome.ALLOWED)


#: What a refused person can do.
WAY_OUT = "Change the words. If the rule is wrong here, ask for a decision under Library > Content review."


class Patterns(Value):
    """en, zh: expressions that match. unless: none of these may match too. strict: also applied to attached and quoted material."""

    id: str
    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unless_own: tuple[str, ...] = ()
    strict: bool = False

    @cached_property
    def _wanted(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{p})" for p in (*self.en, *self.zh)) or r"(?!)", re.DOTALL)

    @cached_property
    def _excused(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{p})" for p in (*self.unless, *self.unless_own)) or r"(?!)", re.DOTALL)

    def matches(self, text: str) -> bool:
        """Whether a sentence of the folded text breaks the rule and is not excused by its own words."""
        return bool(self.words(_sentences(text)))

    def words(self, sentences: list[str]) -> str:
        """What matches in the first sentence that breaks the rule, "" where none does."""
        for sentence in sentences:
            found = self._wanted.search(sentence)
            if found is not None and not self._excused.search(sentence):
                return found.group()[:WORDS_MAX] or sentence[:WORDS_MAX]
        return ""


class Rule(Patterns):
    """wish, output: the outcome at each level: of what a person asks for, and of words that came out or are drawn or spoken as they stand.

    grave: a wish for it is refused at every level, and only owners decide an appeal. masked: what matched is not shown in full.
    """

    reason: Named
    wish: Graded = Graded()
    output: Graded = _NOTHING
    grave: bool = False
    masked: bool = False

    @model_validator(mode="after")
    def _grave_is_refused(self) -> Rule:
        if self.grave and {self.wish.at(level) for level in Level} != {Outcome.REFUSED}:
            raise ValueError(f"{self.id} is grave: a wish for it is refused at every level")
        return self

    def finding(self, stage: Stage, outcome: Outcome, words: str) -> SafetyFinding:
        words = f"{words[:3]}…{words[-2:]}" if self.masked else words
        reason = Reason(en=self.reason.en, zh=self.reason.zh)
        return SafetyFinding(rule=self.id, stage=stage, outcome=outcome, reason=reason, words=words, grave=self.grave)


class Scope(Patterns):
    name: Named


class Refusal(Value):
    """rule: its id; reason: what a person reads."""

    rule: str
    reason: str


class SafetyRules(Value):
    rule: tuple[Rule, ...] = Field(min_length=1)
    out_of_scope: tuple[Scope, ...] = ()

    @staticmethod
    def load(assets: Path) -> SafetyRules:
        """Read and compile all rules. Raises InputError naming the rule at fault."""
        path = assets / "lexicon" / "safety.toml"
        try:
            rules = SafetyRules(**load_toml(path))
            for rule in (*rules.rule, *rules.out_of_scope):
                rule.matches("")
                re.compile("|".join((*rule.en, *rule.zh, *rule.unless, *rule.unless_own)))
        except (ValidationError, re.error) as error:
            raise InputError(
                "The safety rules in {path} are not valid: {error}.", field=str(path), path=path.name, error=str(error)
            ) from error
        return rules

    def found(self, text: str, stage: Stage, screening: Screening = AS_WISHED, material: str = "") -> tuple[SafetyFinding, ...]:
        """What is refused or doubtful in a text, in the order of the rules.

        material: attached or pasted words; held to the strict rules only, because reporting may quote. A rule that a person allowed finds
        nothing in the sentences of what it was allowed for, and what it finds in others is doubtful, not refused.
        """
        own = _sentences(folded(text))
        quoted = _sentences(folded(material)) if material else []
        allowed = _plain(folded(screening.text))
        others = [sentence for sentence in own if _plain(sentence) not in allowed] if allowed else []
        found = []
        for rule in self.rule:
            outcome = (rule.wish if stage is Stage.BRIEF else rule.output).at(screening.level)
            cleared = rule.id in screening.cleared
            if outcome is Outcome.ALLOWED or (cleared and not allowed):
                continue
            outcome = Outcome.DOUBTFUL if cleared else outcome
            words = rule.words(others if cleared else own) or (rule.words(quoted) if rule.strict else "")
            if words:
                found.append(rule.finding(stage, outcome, words))
        return tuple(found)

    def check(self, text: str, language: str = "", material: str = "", screening: Screening = AS_WISHED) -> Refusal | None:
        """The first rule that refuses a wish."""
        told = language or ("zh" if CJK.search(text) else "en")
        for finding in self.found(text, Stage.BRIEF, screening, material):
            if finding.outcome is Outcome.REFUSED:
                return Refusal(rule=finding.rule, reason=finding.reason.of(told))
        return None

    def require(self, text: str, language: str = "", material: str = "", screening: Screening = AS_WISHED) -> None:
        """Raise ContentRefused with the rule's id as its reason, or return."""
        refusal = self.check(text, language, material, screening)
        if refusal is not None:
            raise ContentRefused(refusal.reason, hint=WAY_OUT, reason=refusal.rule, field="brief")

    def outside(self, text: str, language: str = "") -> str:
        """The name of the work that is no studio's work and that `text` asks for, or ""."""
        seen = folded(text)
        told = language or ("zh" if CJK.search(text) else "en")
        return next((scope.name.of(told) for scope in self.out_of_scope if scope.matches(seen)), "")


def _plain(text: str) -> str:
    """A folded text, or one sentence of it, as it is compared with others: one space between words, no sign at its end."""
    return " ".join(text.split()).rstrip(".!?。！？ ")


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCES.split(text) if sentence]


def folded(text: str) -> str:
    """A text as rules read it: lower case, without signs that nobody sees."""
    return _INVISIBLE.sub("", text).lower().replace("’", "'")
