"""What is refused, and what is no work of a studio: rules as data (assets/lexicon/safety.toml), in English and Chinese.

Knows texts only. Pictures and sounds are judged elsewhere, by models. Fails closed: a bad rule file is an error at load.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError

from agents.lexicon import CJK, Named, load_toml
from domain.errors import ContentRefused, InputError
from domain.value import Value

#: Characters people put between letters to slip past a word list: zero-width signs, soft hyphens, stars.
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]")


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
        sentences = re.split(r"(?<=[.!?。！？\n])\s*", text)
        return any(self._wanted.search(s) and not self._excused.search(s) for s in sentences if s)


class Rule(Patterns):
    reason: Named


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

    def check(self, text: str, language: str = "", material: str = "") -> Refusal | None:
        """The first rule that `text` breaks; `material` (attached, pasted) is held to the strict rules only: reporting may quote."""
        folded = _fold(text)
        told = language or ("zh" if CJK.search(text) else "en")
        for rule in self.rule:
            if rule.matches(folded) or (rule.strict and material and rule.matches(_fold(material))):
                return Refusal(rule=rule.id, reason=rule.reason.of(told))
        return None

    def require(self, text: str, language: str = "", material: str = "") -> None:
        """Raise ContentRefused with the rule's id as its reason, or return."""
        refusal = self.check(text, language, material)
        if refusal is not None:
            raise ContentRefused(refusal.reason, reason=refusal.rule, field="brief")

    def outside(self, text: str, language: str = "") -> str:
        """The name of the work that is no studio's work and that `text` asks for, or ""."""
        folded = _fold(text)
        told = language or ("zh" if CJK.search(text) else "en")
        return next((scope.name.of(told) for scope in self.out_of_scope if scope.matches(folded)), "")


def _fold(text: str) -> str:
    return _INVISIBLE.sub("", text).lower().replace("’", "'")
