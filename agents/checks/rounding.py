"""Which amounts of a material the words beside a figure make it true of: "over 600", "nearly half", 近三亿元. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from agents.checks.amounts import Amount
from agents.checks.word_figures import FigureWords


@dataclass(frozen=True)
class Bounds:
    """low..high: the amounts of the material that the words of the text would be true of."""

    low: float
    high: float
    hedged: bool

    @staticmethod
    def of(amount: Amount, before: str, after: str, words: FigureWords) -> Bounds:
        v, step = amount.amount, _step(amount.number.value) * amount.factor
        # "More than a third" is said of two fifths: shares in words are coarse.
        coarse = amount.number.kind == "percent" and not re.search(r"\d|percent|per cent|%|百分", amount.number.text)
        for patterns, low, high in (
            (words.over, v, 1.24 * v if coarse else v + max(step, 0.05 * v)),
            (words.under, 0.75 * v, v),
            (words.nearly, 0.85 * v, v),
            (words.about, 0.93 * v, 1.07 * v),
        ):
            lead = before.rstrip(" $€£¥￥")
            # "Children under 12" is a border, not a rounding.
            border = patterns is words.under and amount.number.kind == "plain" and not amount.dimension and v < 20
            if not border and any(p.search(lead) for p in patterns):
                return Bounds(low, high, True)
        if any(p.match(after) for p in words.after_over) or re.search("[多余]", amount.number.text):
            return Bounds(v, 1.24 * v if coarse else v + max(step, 0.05 * v), True)
        if any(p.match(after) for p in words.after_about):
            return Bounds(0.93 * v, 1.07 * v, True)
        return Bounds(v, v, False)

    def hold(self, value: float, slack: float = 0.0) -> bool:
        loose = 1e-6 * max(1.0, abs(value)) + slack * abs(value)
        return self.low - loose <= value <= self.high + loose


def _step(value: float) -> float:
    """How round a figure is: 1200 -> 100, 40000 -> 10000, 87 -> 1, 4.5 -> 0.1."""
    if value <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value))
    while step > 1e-3 and abs(value / step - round(value / step)) > 1e-9:
        step /= 10
    return step
