"""Exact arithmetic with its steps: a small parser over fractions. Nothing is ever handed to Python's own evaluation.

Knows numbers, + - * / ^, brackets, %, sqrt. Does not know words; agents/jobs/sums.py turns sentences into expressions.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from domain.errors import InputError, LimitError

#: What keeps a hostile expression cheap.
MOST_CHARACTERS = 400
_MOST_DEPTH = 40
_MOST_BITS = 4096
_PLACES = 6

_TOKEN = re.compile(r"\s*(?:(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)|(sqrt|\*\*|[-+*/^()%√×÷−·]))")
_SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "**": "^", "√": "sqrt"}
_SHOWN = {"*": "×", "/": "÷", "-": "−"}


@dataclass(frozen=True)
class Sum:
    """value: exact, except that a root that is no fraction is rounded to 20 digits (exact False). steps: "7 × 12 = 84", in order."""

    value: Fraction
    steps: tuple[str, ...]
    exact: bool = True


@dataclass
class _Parser:
    tokens: list[str]
    at: int = 0
    depth: int = 0
    steps: list[str] = field(default_factory=list)
    exact: bool = True

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def addition(self) -> Fraction:
        value = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()
            other = self.product()
            value = self.step(value, sign, other, value + other if sign == "+" else value - other)
        return value

    def product(self) -> Fraction:
        value = self.signed()
        while self.peek() in ("*", "/") or self.peek() in ("(", "sqrt"):
            sign = self.take() if self.peek() in ("*", "/") else "*"
            other = self.signed()
            if sign == "/" and other == 0:
                raise InputError("A division by zero has no result.", hint="Change the divisor.", field="expression")
            value = self.step(value, sign, other, value * other if sign == "*" else value / other)
        return value

    def signed(self) -> Fraction:
        if self.peek() in ("-", "+"):
            self.enter()
            value = -self.signed() if self.take_sign() else self.signed()
            self.depth -= 1
            return value
        return self.power()

    def take_sign(self) -> bool:
        return self.take() == "-"

    def power(self) -> Fraction:
        base = self.postfix()
        if self.peek() != "^":
            return base
        self.take()
        self.enter()
        exponent = self.signed()  # right to left: 2^3^2 is 2^9
        self.depth -= 1
        return self.step(base, "^", exponent, _raised(base, exponent))

    def postfix(self) -> Fraction:
        value = self.primary()
        while self.peek() == "%":
            self.take()
            shown = f"{number(value)}% = {number(value / 100)}"
            value = value / 100
            self.steps.append(shown)
        return value

    def primary(self) -> Fraction:
        word = self.take()
        if word == "(":
            self.enter()
            value = self.addition()
            self.depth -= 1
            if self.take() != ")":
                raise InputError("A bracket is not closed.", hint="Close every bracket.", field="expression")
            return value
        if word == "sqrt":
            self.enter()
            value = self.postfix()
            self.depth -= 1
            root = self.root(value)
            self.steps.append(f"√{number(value)} = {number(root)}")
            return root
        if not word or not (word[0].isdigit() or word[0] == "."):
            said = f"“{word}”" if word else "the end"
            raise InputError("A number is expected where {said} stands.", hint="Check the expression.", field="expression", said=said)
        return Fraction(word.replace(",", ""))

    def root(self, value: Fraction) -> Fraction:
        if value < 0:
            raise InputError("A negative number has no real square root.", hint="Change the number under the root.", field="expression")
        above, below = math.isqrt(value.numerator), math.isqrt(value.denominator)
        if above * above == value.numerator and below * below == value.denominator:
            return Fraction(above, below)
        self.exact = False
        with localcontext() as context:
            context.prec = 20
            return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())

    def step(self, left: Fraction, sign: str, right: Fraction, value: Fraction) -> Fraction:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > _MOST_BITS:
            raise LimitError("The result has too many digits.", hint="Use smaller numbers.", field="expression")
        other = f"({number(right)})" if right < 0 else number(right)
        self.steps.append(f"{number(left)} {_SHOWN.get(sign, sign)} {other} = {number(value)}")
        return value

    def enter(self) -> None:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise LimitError(
                "The expression is nested too deeply.", hint="Use at most {most_depth} levels.", field="expression", most_depth=_MOST_DEPTH
            )


def evaluate(expression: str) -> Sum:
    """The exact value of an expression and the steps to it.

    Raises InputError for what is no expression, a division by zero, or a root of a negative number; LimitError over 400 characters,
    40 levels of brackets, or results of more than about 1,200 digits.
    """
    if len(expression) > MOST_CHARACTERS:
        raise LimitError(
            "The expression has {count} characters; {most_characters} are the most.",
            hint="Shorten it.",
            field="expression",
            count=len(expression),
            most_characters=MOST_CHARACTERS,
        )
    parser = _Parser(_tokens(expression))
    value = parser.addition()
    if parser.peek():
        raise InputError("“{peek}” does not belong there.", hint="Check the expression.", field="expression", peek=parser.peek())
    return Sum(value, tuple(parser.steps), parser.exact)


def number(value: Fraction, places: int | None = None) -> str:
    """A number as people write it: whole or decimal where that is exact in 12 places, else rounded with "≈". places: round to so many."""
    if places is not None:
        with localcontext() as context:
            context.prec = 1300
            exact = Decimal(value.numerator) / Decimal(value.denominator)
            return f"{exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP):,f}"
    if value.denominator == 1:
        return f"{value.numerator:,}"
    below, twos, fives = value.denominator, 0, 0
    while below % 2 == 0:
        below, twos = below // 2, twos + 1
    while below % 5 == 0:
        below, fives = below // 5, fives + 1
    if below == 1 and max(twos, fives) <= 12:
        return number(value, max(twos, fives))
    size = math.floor(math.log10(abs(value.numerator))) - math.floor(math.log10(value.denominator)) if value else 0
    return "≈ " + number(value, _PLACES if size >= 0 else min(12, _PLACES - size))


def _tokens(expression: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    text = expression.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise InputError(
                "“{text}” is no part of an expression.", hint="Use numbers and signs.", field="expression", text=text[at:].strip()[:20]
            )
        token = match.group(1) or match.group(2)
        tokens.append(_SIGNS.get(token, token))
        at = match.end()
    # "x% y": what is said as "15% of 240" arrives as "15% * 240"; a bare % stays a percent.
    return tokens


def _raised(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        raise InputError("Only whole exponents can be worked out exactly.", hint="Use a whole exponent.", field="expression")
    times = exponent.numerator
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if abs(times) * bits > _MOST_BITS:
        raise LimitError("The power has too many digits.", hint="Use a smaller exponent.", field="expression")
    if base == 0 and times < 0:
        raise InputError("A division by zero has no result.", hint="Change the exponent.", field="expression")
    return base**times
