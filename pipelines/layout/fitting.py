"""Finds the largest type that fits an area, and where each line goes. Pure arithmetic over measured widths.

Knows nothing of colours or drawing. All lengths are pixels, widths of text come in em from a Wrapping.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from domain.errors import InvalidOutput
from pipelines.layout.cropping import Box
from pipelines.layout.fonts import Face, Shelf
from pipelines.layout.wrapping import Piece, Wrapping, has_cjk, phrases_of, pieces_of
from pipelines.layout.wrapping import words_of as whole_words_of

#: A line may be broken to fill all but this share of the width: rounding in shaping never pushes it out.
_SLACK = 0.995
_BODY_MEASURE = 30.0
#: What a lonely short line costs of the score.
_LONELY = 0.16

Segment = Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class Coarser:
    """A nicer way to break a headline. price: how much of the score (logarithm of sizes) it may cost; loneliness: what a
    lonely short line costs in it."""

    wrapping: Wrapping
    price: float
    loneliness: float


@dataclass(frozen=True)
class Words:
    """One field of the layout, measured. leading: the distance of its baselines in em; coarser: nicer places to break."""

    name: str
    text: str
    face: Face
    leading: float
    wrapping: Wrapping
    coarser: tuple[Coarser, ...] = ()


@dataclass(frozen=True)
class Line:
    """One line of text to draw: left edge, baseline, and the box its ink stays in."""

    field: str
    text: str
    face: Face
    size: float
    x: float
    baseline: float
    box: Box


@dataclass(frozen=True)
class Limits:
    """Smallest and largest sizes in pixels, and how many lines a headline may take."""

    headline: tuple[float, float]
    body: tuple[float, float]
    action: tuple[float, float]
    lines: int


@dataclass(frozen=True)
class Fitted:
    """Everything placed. button: the box of the call to action, None without one; rule: the accent bar."""

    lines: tuple[Line, ...]
    sizes: dict[str, float]
    button: Box | None = None
    rule: Box | None = None
    mark: Box | None = None

    def of(self, name: str) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.field == name)


@dataclass(frozen=True)
class Task:
    """What has to go where. area: for the words; action: the button's own area, None when it stands under the words.

    mark_aspect: width / height of the logo, 0 when the name is written or there is none. canvas: its size, for messages.
    """

    shelf: Shelf
    area: Box
    action: Box | None
    words: dict[str, Words]
    limits: Limits
    align: str = "left"
    valign: str = "middle"
    rule: bool = False
    mark_aspect: float = 0.0
    canvas: str = ""


@dataclass
class _Stack:
    """Sizes under trial and the height they take."""

    headline: float
    body: float
    action: float
    brand: float
    height: float = 0.0
    rows: list[tuple[str, float]] = field(default_factory=list)


def words_of(shelf: Shelf, name: str, text: str, face: Face, leading: float, segment: Segment | None = None) -> Words:
    """Measure one field. Chinese is set without tracking and with more room between lines."""
    cjk = has_cjk(text)
    tracked = replace(face, tracking=0.0) if cjk else face
    looser = leading + (0.14 if cjk else 0.0)

    def measure(stretch: str) -> float:
        return shelf.width(stretch, tracked)

    pieces = pieces_of(text, segment)
    coarser = _coarser(pieces, cjk, measure) if name == "headline" else ()
    return Words(name, text, tracked, looser, Wrapping(pieces, measure), coarser)


def _coarser(pieces: tuple[Piece, ...], cjk: bool, measure: Callable[[str], float]) -> tuple[Coarser, ...]:
    """At pauses, then between whole words. Chinese, set solid, gains most; a Latin line may cost little for its pauses."""
    forms = [(phrases_of(pieces), 0.45 if cjk else 0.1, 0.0), (whole_words_of(pieces), 0.35, _LONELY)]
    return tuple(Coarser(Wrapping(form, measure), price, lonely) for form, price, lonely in forms if len(form) < len(pieces))


def fit(task: Task) -> Fitted:
    """The largest sizes at which every word stands inside its area.

    A headline is broken at its pauses, or at least between words, when that costs little of its size.
    Raises InvalidOutput naming the field that is too long and about how many characters would fit.
    """
    free = _best(task, _LONELY)
    if free is None:
        raise _too_long(task)
    score, stack = free
    headline = task.words["headline"]
    for form in headline.coarser:
        coarse = replace(task, words=task.words | {"headline": replace(headline, wrapping=form.wrapping)})
        found = _best(coarse, form.loneliness)
        if found is not None and found[0] >= score - form.price:
            return _placed(coarse, found[1])
    return _placed(task, stack)


def _best(task: Task, loneliness: float) -> tuple[float, _Stack] | None:
    """Over ratios of body to headline and line counts, the sizes that look best: large, without lonely short lines."""
    best: tuple[float, _Stack] | None = None
    for ratio in (0.5, 0.42, 0.35, 0.29, 0.24):
        for lines in range(1, task.limits.lines + 1):
            stack = _largest(task, ratio, lines)
            if stack is None:
                continue
            lonely = task.words["headline"].wrapping.lonely(_measure(task, "headline", stack))
            score = math.log(stack.headline) + 0.85 * math.log(stack.body) - loneliness * lonely
            if best is None or score > best[0] + 1e-9:
                best = (score, stack)
    return best


def _largest(task: Task, ratio: float, lines: int) -> _Stack | None:
    """The largest headline of at most `lines` lines that fits, by bisection."""
    low, high = task.limits.headline
    found = _try(task, low, ratio, lines)
    if found is None:
        return None
    for _ in range(10):
        middle = (low + high) / 2
        tried = _try(task, middle, ratio, lines)
        if tried is None:
            high = middle
        else:
            low, found = middle, tried
    return found


def _sizes(task: Task, headline: float, ratio: float) -> _Stack:
    low, high = task.limits.body
    body = min(high, max(low, headline * ratio))
    action = min(task.limits.action[1], max(task.limits.action[0], body))
    return _Stack(headline, body, action, max(task.limits.body[0], min(body * 0.92, headline * 0.5)))


def _try(task: Task, headline: float, ratio: float, most: int) -> _Stack | None:
    """The stack at these sizes, None when it does not fit."""
    stack = _sizes(task, headline, ratio)
    stack.rows = list(_rows(task, stack))
    stack.height = sum(height for _, height in stack.rows)
    lines = {name: task.words[name].wrapping.count(_measure(task, name, stack)) for name in _flowing(task)}
    if any(count == 0 for count in lines.values()) or lines.get("headline", 0) > most:
        return None
    if stack.height > task.area.height + 1e-6:
        return None
    return stack if _button_fits(task, stack) else None


def _flowing(task: Task) -> tuple[str, ...]:
    return tuple(name for name in ("headline", "body") if name in task.words)


def _measure(task: Task, name: str, stack: _Stack) -> float:
    """The line length of a field in its own em."""
    size = stack.headline if name == "headline" else stack.body
    width = task.area.width * _SLACK / size
    return min(width, _BODY_MEASURE) if name == "body" else width


def _rows(task: Task, stack: _Stack) -> Iterator[tuple[str, float]]:
    """What stands under what, with heights; rows named "gap" are empty."""
    if task.action is None and _branded(task):
        yield "brand", _brand_height(task, stack)
        yield "gap", max(stack.headline * 0.34, stack.brand * 0.8)
    if task.rule and "headline" in task.words:
        yield "rule", max(2.0, stack.headline * 0.07)
        yield "gap", stack.headline * 0.3
    for name in _flowing(task):
        if name == "body":
            yield "gap", max(stack.body * 0.55, stack.headline * 0.16)
        words = task.words[name]
        size = stack.headline if name == "headline" else stack.body
        yield name, words.wrapping.count(_measure(task, name, stack)) * words.leading * size
    if "cta" in task.words and task.action is None:
        yield "gap", stack.action * 1.15
        yield "cta", _button_height(stack)


def _branded(task: Task) -> bool:
    return "brand" in task.words or task.mark_aspect > 0


def _brand_height(task: Task, stack: _Stack) -> float:
    return stack.brand * (2.1 if task.mark_aspect else 1.25)


def _button_height(stack: _Stack) -> float:
    return stack.action * 2.35


def _button_width(task: Task, stack: _Stack) -> float:
    return (task.words["cta"].wrapping.whole + 2.3) * stack.action


def _button_fits(task: Task, stack: _Stack) -> bool:
    if "cta" not in task.words:
        return True
    room = task.action or task.area
    if task.action is not None:
        widest = task.action.width
        stack.action = min(stack.action, widest / (task.words["cta"].wrapping.whole + 2.3), task.action.height / 2.35)
        return stack.action >= task.limits.action[0]
    return _button_width(task, stack) <= room.width


def _placed(task: Task, stack: _Stack) -> Fitted:
    area = task.area
    spare = area.height - stack.height
    y = area.y + {"top": 0.0, "middle": spare / 2, "bottom": spare}[task.valign]
    lines: list[Line] = []
    fitted = Fitted((), {})
    for name, height in stack.rows:
        if name in ("headline", "body"):
            size = stack.headline if name == "headline" else stack.body
            lines += _set(task, task.words[name], size, _measure(task, name, stack), y)
        elif name == "brand":
            fitted = _place_brand(task, fitted, lines, stack, y)
        elif name == "rule":
            width = stack.headline * 0.9
            fitted = replace(fitted, rule=Box(_left(task, width), y, width, height))
        elif name == "cta":
            fitted = replace(fitted, button=Box(_left(task, _button_width(task, stack)), y, _button_width(task, stack), height))
        y += height
    if task.action is not None:
        fitted = _beside(task, fitted, lines, stack, task.action)
    if "cta" in task.words:
        lines.append(_label(task, stack, fitted.button))
    sizes = {line.field: round(line.size, 2) for line in lines}
    return replace(fitted, lines=tuple(lines), sizes=sizes)


def _beside(task: Task, fitted: Fitted, lines: list[Line], stack: _Stack, room: Box) -> Fitted:
    """Button, and above it the brand where there is height for both, in the middle of an area of their own."""
    width, height = _button_width(task, stack), _button_height(stack)
    brand = _brand_height(task, stack) if _branded(task) else 0.0
    gap = stack.action * 0.5 if brand else 0.0
    if brand + gap + height > room.height:
        brand = gap = 0.0
    top = room.y + (room.height - brand - gap - height) / 2
    if brand:
        column = replace(task, area=Box(room.x, top, room.width, brand), align="centre")
        fitted = _place_brand(column, fitted, lines, stack, top)
    return replace(fitted, button=Box(room.x + (room.width - width) / 2, top + brand + gap, width, height))


def _left(task: Task, width: float) -> float:
    return task.area.x + ((task.area.width - width) / 2 if task.align == "centre" else 0.0)


def _set(task: Task, words: Words, size: float, measure: float, top: float) -> Iterator[Line]:
    """The balanced lines of one field, downward from `top`."""
    up, down = task.shelf.ascent(words.face)
    for index, text in enumerate(words.wrapping.balanced(measure)):
        width = task.shelf.width(text, words.face) * size
        y = top + index * words.leading * size
        baseline = y + (words.leading - up - down) / 2 * size + up * size
        x = _left(task, width)
        yield Line(words.name, text, words.face, size, x, baseline, _ink(task, words, text, size, x, baseline, width))


def _ink(task: Task, words: Words, text: str, size: float, x: float, baseline: float, width: float) -> Box:
    rise = task.shelf.cap_height(words.face, text) * size
    return Box(x, baseline - rise, width, rise + 0.24 * size)


def _place_brand(task: Task, fitted: Fitted, lines: list[Line], stack: _Stack, y: float) -> Fitted:
    height = _brand_height(task, stack)
    if task.mark_aspect:
        width = min(height * task.mark_aspect, task.area.width)
        return replace(fitted, mark=Box(_left(task, width), y, width, width / task.mark_aspect))
    words = task.words["brand"]
    size = min(stack.brand, task.area.width * _SLACK / max(words.wrapping.whole, 1e-6))
    up, down = task.shelf.ascent(words.face)
    width = task.shelf.width(words.text, words.face) * size
    x, baseline = _left(task, width), y + (height - (up + down) * size) / 2 + up * size
    lines.append(Line("brand", words.text, words.face, size, x, baseline, _ink(task, words, words.text, size, x, baseline, width)))
    return fitted


def _label(task: Task, stack: _Stack, button: Box | None) -> Line:
    words = task.words["cta"]
    if button is None:
        raise InvalidOutput("The call to action has no place in this template.", hint="Choose another template.", field="cta")
    width = task.shelf.width(words.text, words.face) * stack.action
    rise = task.shelf.cap_height(words.face, words.text) * stack.action
    drop = 0.1 * stack.action if has_cjk(words.text) else 0.0
    x, baseline = button.x + (button.width - width) / 2, button.y + (button.height + rise) / 2 - drop
    return Line("cta", words.text, words.face, stack.action, x, baseline, _ink(task, words, words.text, stack.action, x, baseline, width))


def _too_long(task: Task) -> InvalidOutput:
    """Which field is at fault at the smallest sizes, and by how much."""
    stack = _sizes(task, task.limits.headline[0], 0.0)
    for name in _flowing(task):
        words, size = task.words[name], stack.headline if name == "headline" else stack.body
        if words.wrapping.narrowest * size > task.area.width * _SLACK:
            over = words.wrapping.narrowest * size / (task.area.width * _SLACK) - 1
            return _error(task, name, f"has a word {over:.0%} wider than its place", len(words.text))
    if not _button_fits(task, stack):
        return _error(task, "cta", "is wider than its button may be", len(task.words["cta"].text))
    rows = list(_rows(task, stack))
    total = sum(height for _, height in rows)
    taken = {name: height for name, height in rows if name in ("headline", "body")}
    over = total - task.area.height
    name = max(taken, key=lambda n: taken[n]) if taken else "brand"
    if "headline" in taken:
        count = task.words["headline"].wrapping.count(_measure(task, "headline", stack))
        if count > task.limits.lines:
            return _error(
                task,
                "headline",
                f"needs {count} lines where {task.limits.lines} fit",
                len(task.words["headline"].text) * task.limits.lines // count,
            )
    room = max(0.0, taken.get(name, 0.0) - over)
    length = len(task.words[name].text) if name in task.words else 0
    share = over / max(task.area.height, 1.0)
    return _error(task, name, f"needs {share:.0%} more height than there is", math.floor(length * room / max(taken.get(name, 1.0), 1.0)))


def _error(task: Task, name: str, fault: str, keep: int) -> InvalidOutput:
    length = len(task.words[name].text) if name in task.words else 0
    hint = f"Shorten it to about {keep} characters" if 0 < keep < length else "Shorten it"
    return InvalidOutput(
        f"The {name} ({length} characters) {fault} on {task.canvas}, even in the smallest type that can be read.",
        hint=f"{hint}, or choose a larger size.",
        field=name,
    )
