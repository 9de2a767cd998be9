"""Writing SVG, and reading it as untrusted material.

`Canvas` collects definitions and shapes with ids that are unique in the picture. `clean_fragment` turns foreign SVG
markup into known elements and attributes only: no scripts, no events, no styles, no links to outside. Knows nothing of scenes.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from domain.errors import InvalidOutput

Point = tuple[float, float]
Repaint = Callable[[str], str]

# fmt: off
ELEMENTS = frozenset({
    "g", "path", "circle", "ellipse", "rect", "line", "polygon", "polyline", "defs", "use", "symbol", "linearGradient", "radialGradient",
    "stop", "clipPath", "mask",
})
ATTRIBUTES = frozenset({
    "d", "fill", "stroke", "opacity", "transform", "points", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy",
    "width", "height", "id", "href", "offset", "gradientUnits", "gradientTransform", "spreadMethod", "viewBox", "preserveAspectRatio",
    "clipPathUnits", "maskUnits", "maskContentUnits", "clip-path", "clip-rule", "mask", "fill-rule", "fill-opacity", "stroke-width",
    "stroke-opacity", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stop-color", "stop-opacity",
})
# fmt: on
COLOUR_ATTRIBUTES = ("fill", "stroke", "stop-color")
_REFERENCE = re.compile(r"url\(\s*['\"]?#([\w.:-]+)['\"]?\s*\)")
_STROKE_WIDTH = re.compile(r'(\bstroke-width=")(\d*\.?\d+)"')
_HEX = re.compile(r"^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")
_SLUG = re.compile(r"[^a-z0-9]+")
_NAMED = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "currentcolor": "#333333"}


def number(value: float) -> str:
    """Shortest text with at most two decimals: the same bytes on every machine."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def points(values: Iterable[Point]) -> str:
    return " ".join(f"{number(x)},{number(y)}" for x, y in values)


def smooth(line: Sequence[Point]) -> str:
    """Path data (without the first M) of a soft curve through the points: quadratic pieces between midpoints."""
    parts = [f"L{number(line[0][0])} {number(line[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(line[1:]):
        parts.append(f"Q{number(x0)} {number(y0)} {number((x0 + x1) / 2)} {number((y0 + y1) / 2)}")
    parts.append(f"L{number(line[-1][0])} {number(line[-1][1])}")
    return "".join(parts)


def trace(pattern: str, *values: float) -> str:
    """Path data: each # of the pattern becomes the next number."""
    pieces = pattern.split("#")
    return pieces[0] + "".join(number(value) + piece for value, piece in zip(values, pieces[1:], strict=True))


@dataclass
class Canvas:
    """One picture being drawn, in pixels of its nominal size. Later shapes lie over earlier ones.

    Shapes fall into the layer opened last; layers are what a designer sees named in an editor. clip: id of a clip path all layers
    are cut to, "" for the page.
    """

    width: float
    height: float
    clip: str = ""
    _defs: list[str] = field(default_factory=list)
    _layers: list[tuple[str, list[str]]] = field(default_factory=lambda: [("backdrop", [])])
    _known: dict[str, str] = field(default_factory=dict)

    def add(self, markup: str) -> None:
        self._layers[-1][1].append(markup)

    def layer(self, name: str) -> str:
        """Open a layer over all before it; returns its id, unique in the picture."""
        slug, taken = _SLUG.sub("-", name.lower()).strip("-") or "layer", {known for known, _ in self._layers}
        own, turn = slug, 2
        while own in taken:
            own, turn = f"{slug}-{turn}", turn + 1
        self._layers.append((own, []))
        return own

    @property
    def layers(self) -> tuple[str, ...]:
        """Ids of the layers that hold something, lowest first."""
        return tuple(name for name, shapes in self._layers if shapes)

    def wrap(self, head: str) -> None:
        """Put what the current layer holds so far into one group with these attributes."""
        name, shapes = self._layers[-1]
        if shapes:
            self._layers[-1] = (name, [f"<g {head}>", *shapes, "</g>"])

    def define(self, prefix: str, markup: str) -> str:
        """Put `markup` (with "{id}" for its id) among the definitions once; returns the id."""
        known = self._known.get(markup)
        if known is None:
            known = f"{prefix}{len(self._known)}"
            self._known[markup] = known
            self._defs.append(markup.replace("{id}", known))
        return known

    def linear(self, stops: Sequence[tuple[float, str, float]], line: tuple[float, float, float, float] = (0, 0, 0, 1)) -> str:
        """A paint. stops: (offset 0..1, "#rrggbb", opacity 0..1). line: x1, y1, x2, y2 in the box of the shape."""
        x1, y1, x2, y2 = (number(v) for v in line)
        inner = "".join(_stop(s) for s in stops)
        markup = f'<linearGradient id="{{id}}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}">{inner}</linearGradient>'
        return f"url(#{self.define('l', markup)})"

    def radial(self, stops: Sequence[tuple[float, str, float]], centre: Point = (0.5, 0.5), radius: float = 0.5) -> str:
        """A paint, centre and radius in the box of the shape."""
        inner = "".join(_stop(s) for s in stops)
        head = f'<radialGradient id="{{id}}" cx="{number(centre[0])}" cy="{number(centre[1])}" r="{number(radius)}">'
        return f"url(#{self.define('r', f'{head}{inner}</radialGradient>')})"

    def rect(self, x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0, round_by: float = 0.0) -> None:
        corner = f' rx="{number(round_by)}"' if round_by > 0 else ""
        place = f'x="{number(x)}" y="{number(y)}" width="{number(max(width, 0))}" height="{number(max(height, 0))}"'
        self.add(f'<rect {place}{corner} fill="{fill}"{_opacity(opacity)}/>')

    def fill_all(self, fill: str, opacity: float = 1.0) -> None:
        self.rect(0, 0, self.width, self.height, fill, opacity)

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, fill: str, opacity: float = 1.0) -> None:
        self.add(f'<ellipse cx="{number(cx)}" cy="{number(cy)}" rx="{number(rx)}" ry="{number(ry)}" fill="{fill}"{_opacity(opacity)}/>')

    def polygon(self, corners: Iterable[Point], fill: str, opacity: float = 1.0) -> None:
        self.add(f'<polygon points="{points(corners)}" fill="{fill}"{_opacity(opacity)}/>')

    def path(self, data: str, fill: str, opacity: float = 1.0) -> None:
        self.add(f'<path d="{data}" fill="{fill}"{_opacity(opacity)}/>')

    def stroke(self, data: str, colour: str, width: float, opacity: float = 1.0) -> None:
        self.add(
            f'<path d="{data}" fill="none" stroke="{colour}" stroke-width="{number(width)}" stroke-linecap="round" '
            f'stroke-linejoin="round"{_opacity(opacity)}/>'
        )

    def ring(self, cx: float, cy: float, r: float, colour: str, width: float, opacity: float = 1.0) -> None:
        """A circle's outline."""
        place = f'cx="{number(cx)}" cy="{number(cy)}" r="{number(r)}"'
        self.add(f'<circle {place} fill="none" stroke="{colour}" stroke-width="{number(width)}"{_opacity(opacity)}/>')

    def under(self, line: Sequence[Point], fill: str, opacity: float = 1.0, soft: bool = True) -> None:
        """Fill from a line running left to right down to the bottom edge."""
        top = smooth(line) if soft else "".join(f"L{number(x)} {number(y)}" for x, y in line)
        start = f"M{number(line[0][0])} {number(self.height + 2)}"
        self.path(f"{start}{top}L{number(line[-1][0])} {number(self.height + 2)}Z", fill, opacity)

    def svg(self, title: str, only: Collection[str] | None = None) -> str:
        """The whole document, or of it only the layers with these ids."""
        width, height = number(self.width), number(self.height)
        defs = f"<defs>{''.join(self._defs)}</defs>" if self._defs else ""
        groups = (
            f'<g id="{name}" inkscape:label="{name}" inkscape:groupmode="layer">{"".join(shapes)}</g>'
            for name, shapes in self._layers
            if shapes and (only is None or name in only)
        )
        clip = f' clip-path="url(#{self.clip})"' if self.clip else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}">'
            f'<title>{escape(title)}</title>{defs}<g id="picture"{clip}>{"".join(groups)}</g></svg>'
        )


def _stop(stop: tuple[float, str, float]) -> str:
    offset, colour, opacity = stop
    alpha = "" if opacity >= 1 else f' stop-opacity="{number(opacity)}"'
    return f'<stop offset="{number(offset)}" stop-color="{colour}"{alpha}/>'


def _opacity(opacity: float) -> str:
    return "" if opacity >= 1 else f' opacity="{number(opacity)}"'


def escape(text: str) -> str:
    """Text for XML: markup characters escaped, characters XML forbids dropped."""
    kept = "".join(c for c in text if c in "\t\n\r" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff"))
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def clean_fragment(markup: str, prefix: str, repaint: Repaint | None = None, weight: float = 1.0) -> str:
    """Foreign SVG markup with only known elements and attributes, ids prefixed, colours passed through `repaint`.

    weight: how many times as wide its lines become. Raises InvalidOutput when it is no well-formed XML.
    """
    if weight != 1.0:
        # A line that names no width is one unit wide: inside the group it is as many as the weight.
        lines = _STROKE_WIDTH.sub(lambda found: f'{found[1]}{float(found[2]) * weight:.4g}"', markup)
        markup = f'<g stroke-width="{weight:.4g}">{lines}</g>'
    root = _parse(markup)
    return "".join(_write(child, prefix, repaint) for child in root)


def silhouette(markup: str, swell: float = 0.0) -> str:
    """Foreign markup as bare shapes without paint, to be filled and stroked by the group they are put in.

    swell: how much wider every edge gets on each side, in units of the markup.
    """
    return "".join(_bare(child, swell, _Pen(False, 1.0)) for child in _parse(markup))


@dataclass(frozen=True)
class _Pen:
    """What a shape inherits: whether it is stroked, and how wide."""

    drawn: bool
    width: float


_NO_SHAPES = frozenset({"defs", "mask", "clipPath", "linearGradient", "radialGradient", "symbol", "use", "stop"})
_SHAPE_ATTRIBUTES = ATTRIBUTES - {
    "id", "href", "opacity", "fill-opacity", "stroke-opacity", "stroke-width", "stroke", "mask", "clip-path", "stroke-dasharray",
}  # fmt: skip


def _bare(element: ET.Element, swell: float, pen: _Pen) -> str:
    tag = _local(element.tag) if isinstance(element.tag, str) else ""
    if tag not in ELEMENTS or tag in _NO_SHAPES:
        return ""
    stroke, width = element.get("stroke", ""), element.get("stroke-width", "")
    own = _Pen(
        stroke not in ("none", "transparent") if stroke else pen.drawn,
        float(width) if width.replace(".", "", 1).isdigit() else pen.width,
    )
    keep = {_local(k): v for k, v in element.attrib.items() if _local(k) in _SHAPE_ATTRIBUTES}
    if keep.get("fill", "none") not in ("none", "transparent"):
        keep.pop("fill")
    if tag != "g":
        wide = (own.width if own.drawn else 0.0) + 2 * swell
        keep |= {"stroke-width": number(wide)} if wide else {"stroke": "none"}
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in keep.items())
    inner = "".join(_bare(child, swell, own) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def colours_of(markup: str) -> list[str]:
    """Every "#rrggbb" used as fill, stroke or gradient stop, in order of appearance, repeated as used."""
    found = []
    for element in _parse(markup).iter():
        for name in COLOUR_ATTRIBUTES:
            colour = _colour(element.get(name, ""))
            if colour:
                found.append(colour)
    return found


def _parse(markup: str) -> ET.Element:
    # Wrapped in a root of our own: a DOCTYPE, and with it entity tricks, is a syntax error there.
    try:
        return ET.fromstring(f'<svg xmlns:xlink="http://www.w3.org/1999/xlink">{markup}</svg>')  # noqa: S314
    except ET.ParseError as error:
        raise InvalidOutput("Art is not well-formed SVG: {error}.", hint="Verify the art set on the Models page.", error=error) from error


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _colour(value: str) -> str | None:
    word = _NAMED.get(value.strip().lower(), value.strip())
    if not _HEX.match(word):
        return None
    digits = word[1:].lower()
    return "#" + ("".join(c * 2 for c in digits) if len(digits) == 3 else digits)


def _write(element: ET.Element, prefix: str, repaint: Repaint | None) -> str:
    tag = _local(element.tag) if isinstance(element.tag, str) else ""
    if tag not in ELEMENTS:
        return ""
    attributes = "".join(_attribute(_local(name), value, prefix, repaint) for name, value in element.attrib.items())
    inner = "".join(_write(child, prefix, repaint) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _attribute(name: str, value: str, prefix: str, repaint: Repaint | None) -> str:
    if name not in ATTRIBUTES:
        return ""
    if name == "id":
        return f' id="{escape(prefix + value)}"'
    if name == "href":
        return f' href="#{escape(prefix + value[1:])}"' if value.startswith("#") else ""
    if "url(" in value:
        reference = _REFERENCE.fullmatch(value.strip())
        return f' {name}="url(#{escape(prefix + reference.group(1))})"' if reference else ""
    if name in COLOUR_ATTRIBUTES:
        colour = _colour(value)
        if colour:
            return f' {name}="{repaint(colour) if repaint else colour}"'
        return f' {name}="none"' if value.strip() in ("none", "transparent") else ""
    return f' {name}="{escape(value)}"'
