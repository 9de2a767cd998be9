"""A dialogue graph as an SVG picture, laid out in layers from the start down. Pure; the same document gives the same bytes.

    graph_picture(document, here="n3", walked=("n1", "n2"), labels=Labels(...)) -> str

Every node is a `<g data-node="n3" class="node start|ending|here|walked|fault">` that a page can click, every way a
`<path data-from data-to class="way back|conditional">`. Colours are CSS variables with fallbacks (--graph-ink, --graph-paper,
--graph-line, --graph-accent, --graph-ending, --graph-fault), so that a page's theme may set them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from xml.sax import saxutils

from agents.writers.game.data import told
from domain.dialogue import Choice, DialogueDocument, DialogueNode, Jump, exits
from domain.finding import Severity

WIDE, HIGH, APART, BETWEEN, EDGE = 190, 74, 34, 64, 24
_LETTERS = 26
_SWEEPS = 6

_STYLE = (
    "text{font:12px system-ui,'Noto Sans','Noto Sans SC',sans-serif;fill:var(--graph-ink,#1d2433)}"
    ".id{font-weight:600}.said{fill-opacity:.8}.small{font-size:10px;fill-opacity:.75}"
    ".box{fill:var(--graph-paper,#fff);stroke:var(--graph-line,#8a93a6);stroke-width:1.2}"
    ".start .box{stroke-width:2.4}.ending .box{stroke:var(--graph-ending,#2e7d4f);stroke-width:2}"
    ".walked .box{stroke:var(--graph-accent,#3459d1)}.here .box{stroke:var(--graph-accent,#3459d1);stroke-width:3.2}"
    ".fault .box{stroke:var(--graph-fault,#b3261e);stroke-width:2.4}"
    ".way{fill:none;stroke:var(--graph-line,#8a93a6);stroke-width:1.4;marker-end:url(#arrow)}.conditional{stroke-dasharray:5 3}"
    ".back{stroke:var(--graph-accent,#3459d1)}.tip{fill:var(--graph-line,#8a93a6)}"
)


@dataclass(frozen=True)
class Labels:
    """The words of the picture, in the language of the page."""

    title: str = "Dialogue graph"
    line: str = "line"
    lines: str = "lines"
    only_if: str = "if"


@dataclass
class _Layout:
    """layers: ids (and stand-ins of ways that pass a layer) from the start down; links: ways cut into steps of one layer."""

    layers: list[list[str]]
    ways: list[tuple[str, str, list[str]]] = field(default_factory=list)
    back: list[tuple[str, str]] = field(default_factory=list)

    @property
    def width(self) -> int:
        return max(len(layer) for layer in self.layers) * (WIDE + APART) - APART + 2 * EDGE

    def place(self, id_: str) -> tuple[float, float]:
        """Left and top of a box. Layers are centred."""
        depth = next(n for n, layer in enumerate(self.layers) if id_ in layer)
        layer = self.layers[depth]
        wide = len(layer) * (WIDE + APART) - APART
        return (self.width - wide) / 2 + layer.index(id_) * (WIDE + APART), EDGE + depth * (HIGH + BETWEEN)


def graph_picture(document: DialogueDocument, *, here: str = "", walked: Collection[str] = (), labels: Labels | None = None) -> str:
    """here: id of the node where a player stands; walked: ids of those behind. Nodes with an ERROR finding are marked."""
    words = labels or Labels()
    if not document.nodes:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>'
    layout = _layout(document)
    bad = {f.field for f in document.findings if f.severity is Severity.ERROR}
    margin = 26 * len(layout.back) if layout.back else 0
    width, height = layout.width + margin, 2 * EDGE + len(layout.layers) * (HIGH + BETWEEN) - BETWEEN
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">',
        f"<title>{_text(words.title)}</title><style>{_STYLE}</style>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
    ]
    by_id = {node.id: node for node in document.nodes}
    rows += [_way(layout, by_id[one], other, through, words) for one, other, through in layout.ways]
    rows += [_back(layout, one, other, number) for number, (one, other) in enumerate(layout.back)]
    for at, node in enumerate(by_id.values()):
        kinds = ["node"] + ["start"] * (at == 0) + ["ending"] * (not exits(node)) + ["here"] * (node.id == here)
        kinds += ["walked"] * (node.id in walked) + ["fault"] * bool(
            bad & {node.id, *(n.id for n in node.lines), *(c.id for c in node.choices)}
        )
        rows.append(_box(layout, node, " ".join(kinds), words))
    return "\n".join([*rows, "</svg>"]) + "\n"


def _layout(document: DialogueDocument) -> _Layout:
    """Longest way from the start gives the layer; ways that go up are kept apart; neighbours are ordered by their middles."""
    nodes = {node.id: node for node in document.nodes}
    order, back = _order(document)
    depth = dict.fromkeys(order, 0)
    for id_ in order:
        for goto in exits(nodes[id_]):
            if goto in nodes and (id_, goto) not in back:
                depth[goto] = max(depth[goto], depth[id_] + 1)
    layers: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for id_ in order:
        layers[depth[id_]].append(id_)
    layout = _Layout(layers)
    links: list[tuple[str, str]] = []
    for id_ in order:
        for goto in dict.fromkeys(exits(nodes[id_])):
            if goto not in nodes:
                continue
            if (id_, goto) in back:
                layout.back.append((id_, goto))
                continue
            through = [f"\0{id_}/{goto}/{level}" for level in range(depth[id_] + 1, depth[goto])]
            for level, stand_in in enumerate(through, start=depth[id_] + 1):
                layers[level].append(stand_in)
            layout.ways.append((id_, goto, through))
            chain = [id_, *through, goto]
            links += list(pairwise(chain))
    _untangle(layers, links)
    return layout


def _order(document: DialogueDocument) -> tuple[list[str], set[tuple[str, str]]]:
    """Nodes so that each stands after those that lead to it, and the ways that close a circle. Without recursion: scenes may be long."""
    nodes = {node.id: node for node in document.nodes}
    state: dict[str, int] = {}
    done: list[str] = []
    back: set[tuple[str, str]] = set()
    for root in nodes:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(exits(nodes[root])))]
        while stack:
            id_, following = stack[-1]
            goto = next(following, None)
            if goto is None:
                state[id_] = 2
                done.append(id_)
                stack.pop()
            elif goto in nodes and state.get(goto) == 1:
                back.add((id_, goto))
            elif goto in nodes and goto not in state:
                state[goto] = 1
                stack.append((goto, iter(exits(nodes[goto]))))
    return done[::-1], back


def _untangle(layers: list[list[str]], links: list[tuple[str, str]]) -> None:
    """Barycentre sweeps, down and up: each box goes where the middle of its neighbours is."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for one, other in links:
        above.setdefault(other, []).append(one)
        below.setdefault(one, []).append(other)
    for sweep in range(_SWEEPS):
        near = above if sweep % 2 == 0 else below
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            # As a share of the layer's width: layers are centred, so places of narrow and wide ones compare.
            share = {id_: (at + 0.5) / len(row) for row in layers for at, id_ in enumerate(row)}
            own = {id_: at for at, id_ in enumerate(layer)}
            middle = {id_: sum(share[n] for n in near.get(id_, [])) / len(near[id_]) if near.get(id_) else share[id_] for id_ in layer}
            layer.sort(key=lambda id_: (middle[id_], own[id_]))


def _box(layout: _Layout, node: DialogueNode, kind: str, words: Labels) -> str:
    x, y = layout.place(node.id)
    first = f"{node.lines[0].speaker}: {node.lines[0].text}" if node.lines else ""
    about = "\n".join(f"{line.speaker}: {line.text}" for line in node.lines)
    foot = f"{len(node.lines)} {words.line if len(node.lines) == 1 else words.lines}" + "".join(
        f", {e.variable} {'=' if e.change == 'set' else '+='} {e.value}" for e in node.effects
    )
    return (
        f'<g class="{kind}" data-node={_quoted(node.id)} tabindex="0"><title>{_text(about)}</title>'
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}" rx="9"/>'
        f'<text class="id" x="{x + 12:g}" y="{y + 20:g}">{_text(cut(node.id, 22))}</text>'
        f'<text class="said" x="{x + 12:g}" y="{y + 40:g}">{_text(cut(first, _LETTERS))}</text>'
        f'<text class="small" x="{x + 12:g}" y="{y + 60:g}">{_text(cut(foot, 32))}</text></g>'
    )


def _way(layout: _Layout, node: DialogueNode, goto: str, through: list[str], words: Labels) -> str:
    x, y = layout.place(node.id)
    points = [(x + WIDE / 2, y + HIGH)]
    for stand_in in through:
        left, top = layout.place(stand_in)
        points += [(left + WIDE / 2, top), (left + WIDE / 2, top + HIGH)]
    left, top = layout.place(goto)
    points.append((left + WIDE / 2, top))
    path = f"M{points[0][0]:g} {points[0][1]:g}"
    for at in range(1, len(points)):
        (x0, y0), (x1, y1) = points[at - 1], points[at]
        middle = (y0 + y1) / 2
        path += f"L{x1:g} {y1:g}" if x0 == x1 else f"C{x0:g} {middle:g} {x1:g} {middle:g} {x1:g} {y1:g}"
    ways: list[Choice | Jump] = [*node.choices, *node.jumps]
    conditions = [c for way in ways if way.goto == goto for c in way.when]
    answers = [choice.text for choice in node.choices if choice.goto == goto]
    about = "\n".join([*answers, *(f"{words.only_if} {told(c)}" for c in conditions)])
    kind = "way conditional" if conditions else "way"
    ends = f"data-from={_quoted(node.id)} data-to={_quoted(goto)}"
    return f'<path class="{kind}" {ends} d="{path}"><title>{_text(about)}</title></path>'


def _back(layout: _Layout, one: str, other: str, number: int) -> str:
    """A way that goes up runs round the right side."""
    (x, y), (left, top) = layout.place(one), layout.place(other)
    side = layout.width + 26 * number + 8
    path = f"M{x + WIDE:g} {y + HIGH / 2:g}H{side - 10:g}Q{side:g} {y + HIGH / 2:g} {side:g} {y + HIGH / 2 - 10:g}"
    path += f"V{top + HIGH / 2 + 10:g}Q{side:g} {top + HIGH / 2:g} {side - 10:g} {top + HIGH / 2:g}H{left + WIDE:g}"
    return f'<path class="way back" data-from={_quoted(one)} data-to={_quoted(other)} d="{path}"/>'


def cut(text: str, letters: int) -> str:
    """At most so many narrow letters wide; a Chinese one counts as two. What is cut ends in …"""
    clean = "".join(c if c.isprintable() else " " for c in text)
    wide = 0.0
    for at, sign in enumerate(clean):
        wide += 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if wide > letters:
            return clean[: max(0, at - 1)] + "…"
    return clean


def _text(words: str) -> str:
    return saxutils.escape(_allowed(words))


def _quoted(words: str) -> str:
    return saxutils.quoteattr(_allowed(words))


def _allowed(words: str) -> str:
    """Without what XML cannot hold at all."""
    return "".join(c for c in words if c == "\n" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in "\ufffe\uffff"))
