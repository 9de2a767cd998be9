"""Which sections a piece of so many bars has, and how much goes on in each. Knows nothing of chords or sound."""

from __future__ import annotations

from dataclasses import dataclass

from domain.music import MusicForm

#: Themes and energies by the number of four-bar phrases; the last row also opens every longer piece. A build keeps back before the top.
_ARCS: tuple[tuple[tuple[str, int], ...], ...] = (
    (),
    (("A", 2),),
    (("A", 2), ("B", 3)),
    (("A", 2), ("A", 3), ("B", 4)),
    (("A", 2), ("A", 2), ("B", 3), ("A", 4)),
    (("A", 2), ("A", 3), ("B", 3), ("build", 3), ("A", 4)),
    (("A", 2), ("A", 2), ("B", 3), ("A", 3), ("build", 3), ("B", 4)),
    (("A", 2), ("A", 2), ("B", 3), ("A", 3), ("build", 3), ("B", 4), ("A", 4)),
)
#: A loop has everybody playing nearly all the time: a game takes layers away, not the composer.
_ROUND: tuple[tuple[str, int], ...] = (("A", 3), ("A", 3), ("B", 4), ("A", 4))


@dataclass(frozen=True)
class Section:
    """name "intro", "A", "B", "build", "stinger" or "outro"; first bar, bars, energy 0..4."""

    name: str
    first: int
    bars: int
    energy: int


def plan_sections(form: MusicForm, bars: int, shift: int) -> tuple[Section, ...]:
    """shift: -1..1, added to every energy, which stay within 0..4."""
    shape = {"bed": _arc, "loop": _round, "stinger": _gesture, "intro": _opening, "outro": _closing}[form](bars)
    sections, first = [], 0
    for name, length, energy in shape:
        sections.append(Section(name, first, length, max(0, min(4, energy + shift))))
        first += length
    return tuple(sections)


_Shape = list[tuple[str, int, int]]


def _arc(bars: int) -> _Shape:
    """A thin opening, themes that alternate and grow, a build before the top, a thinner close."""
    shape: _Shape = []
    intro = 0 if bars < 6 else 2 if bars < 24 else 4
    outro = 0 if bars < 12 else 2
    if intro:
        shape.append(("intro", intro, 1))
    phrases, rest = divmod(bars - intro - outro, 4)
    order = _ARCS[min(phrases, len(_ARCS) - 1)]
    for index in range(phrases):
        name, energy = order[index] if index < len(order) else order[2 + index % 4]
        # A long piece breathes: every eighth phrase drops back before the next rise.
        shape.append((name, 4, 1 if index % 8 == 7 else energy))
    if rest:
        # A short piece gets its contrast from what is left over; a longer one only lengthens its last phrase.
        contrast = phrases == 1 and rest > 1
        shape.append(("B" if contrast else "A", rest, 3 if contrast else shape[-1][2] if phrases else 2))
    if outro:
        shape.append(("outro", outro, 2))
    return shape or [("A", 1, 2)]


def _round(bars: int) -> _Shape:
    phrases, rest = divmod(bars, 4)
    if phrases < 2:  # a short loop has no room to grow
        return [("A", bars, 4)]
    shape = [(_ROUND[index % 4][0], 4, _ROUND[index % 4][1]) for index in range(phrases)]
    return [*shape, ("A", rest, 3)] if rest else shape


def _gesture(bars: int) -> _Shape:
    return [("stinger", max(1, bars), 4)]


def _opening(bars: int) -> _Shape:
    """Little, then more, then a build that wants to go on."""
    build = min(4, bars // 2)
    quiet = bars - build
    first = (quiet + 1) // 2
    shape = [("intro", first, 1), ("A", quiet - first, 2), ("build", build, 3)]
    return [row for row in shape if row[1]]


def _closing(bars: int) -> _Shape:
    """The theme once more, and then less and less."""
    last = min(4, max(1, bars // 2))
    shape = [("A", bars - last, 2), ("outro", last, 1)]
    return [row for row in shape if row[1]] or [("outro", 1, 1)]
