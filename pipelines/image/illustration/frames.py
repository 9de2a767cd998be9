"""The shape a picture is cut to and what is laid over all of it: frames and textures. Clip paths and patterns only, no filters."""

from __future__ import annotations

import math

from pipelines.image.illustration.colour import lch, mix, shade
from pipelines.image.illustration.stage import Stage
from pipelines.image.illustration.svg import number as n
from pipelines.image.illustration.svg import trace


def outline(stage: Stage, grow: float = 0.0) -> str:
    """Path data of the scene's frame, "" for none; grown outward by pixels (inward when negative)."""
    w, h = stage.width, stage.canvas.height
    cx, cy, r = w / 2, h / 2, min(w, h) / 2 * 0.97 + grow
    match stage.scene.frame:
        case "circle":
            return trace("M# #A# # 0 1 1 # #A# # 0 1 1 # #Z", cx - r, cy, r, r, cx + r, cy, r, r, cx - r, cy)
        case "badge":
            return _scallops(cx, cy, r)
        case "diamond":
            x, y = w / 2 * 0.98 + grow, h / 2 * 0.98 + grow
            return trace("M# #L# #L# #L# #Z", cx, cy - y, cx + x, cy, cx, cy + y, cx - x, cy)
        case "arch":
            left, right, bottom = w * 0.04 - grow, w * 0.96 + grow, h * 0.98 + grow
            round_by, top = (right - left) / 2, h * 0.02 - grow
            rise = min(round_by, (bottom - top) * 0.55)
            return trace("M# #V#A# # 0 0 1 # #V#Z", left, bottom, top + rise, round_by, rise, right, top + rise, bottom)
        case "rounded":
            return rounded(w * 0.015 - grow, h * 0.015 - grow, w * 0.97 + 2 * grow, h * 0.97 + 2 * grow, min(w, h) * 0.12 + grow)
    return ""


def rounded(x: float, y: float, wide: float, high: float, r: float) -> str:
    """Path data of a rectangle with round corners."""
    r = max(min(r, wide / 2, high / 2), 0.0)
    return trace(
        "M# #H#A# # 0 0 1 # #V#A# # 0 0 1 # #H#A# # 0 0 1 # #V#A# # 0 0 1 # #Z",
        x + r, y, x + wide - r, r, r, x + wide, y + r, y + high - r, r, r, x + wide - r, y + high, x + r, r, r, x, y + high - r,
        y + r, r, r, x + r, y,
    )  # fmt: skip


def _scallops(cx: float, cy: float, r: float, count: int = 20) -> str:
    inner, data = r * 0.955, ""
    bow = math.pi * inner / count * 1.02
    for i in range(count + 1):
        angle = 2 * math.pi * i / count
        x, y = cx + inner * math.cos(angle), cy + inner * math.sin(angle)
        data += f"M{n(x)} {n(y)}" if i == 0 else f"A{n(bow)} {n(bow)} 0 0 1 {n(x)} {n(y)}"
    return data + "Z"


def cut(stage: Stage) -> None:
    """Cut the whole picture to its frame, with a border of its own in the picture's tones."""
    data = outline(stage)
    if not data:
        return
    canvas = stage.canvas
    canvas.clip = canvas.define("frame", f'<clipPath id="{{id}}"><path d="{data}"/></clipPath>')
    canvas.layer("frame")
    deep, main, _, pale = stage.light.base()
    tone = stage.light.accent if stage.light.palette else mix(main, deep, 0.55)
    width = stage.unit * (2.6 if stage.scene.frame == "badge" else 1.5)
    canvas.stroke(data, tone, 2 * width)
    if stage.scene.frame in ("badge", "circle", "arch", "diamond"):
        ring = min(stage.width, stage.canvas.height) / 2 * 0.97 - width - stage.unit * 1.2
        if stage.scene.frame == "badge":
            canvas.ring(stage.width / 2, stage.canvas.height / 2, ring, pale, stage.unit * 0.7, 0.9)
        else:
            canvas.stroke(outline(stage, -width - stage.unit * 0.55), pale, stage.unit * 0.5, 0.75)


def texture(stage: Stage) -> None:
    """Grain, paper or halftone over all that was drawn so far."""
    kind = stage.scene.texture
    if kind == "none":
        return
    stage.canvas.layer("texture")
    {"grain": _grain, "paper": _paper, "halftone": _halftone}[kind](stage)


def lightning(stage: Stage) -> str:
    """One forked bolt out of the clouds, with its glow."""
    rng, unit = stage.chance("lightning"), stage.unit
    x, y = stage.width * rng.choice((rng.uniform(0.1, 0.34), rng.uniform(0.66, 0.9))), 0.0
    line, forks = f"M{n(x)} {n(y)}", ""
    while y < stage.height * 0.5:
        x, y = x + rng.uniform(-5, 5) * unit, y + rng.uniform(4, 8) * unit
        line += f"L{n(x)} {n(y)}"
        if rng.random() < 0.35:
            forks += f"M{n(x)} {n(y)}l{n(rng.uniform(-7, 7) * unit)} {n(7 * unit)}l{n(rng.uniform(-4, 4) * unit)} {n(5 * unit)}"
    pen = 'fill="none" stroke-linejoin="round" stroke-linecap="round"'
    return (
        f'<g {pen}><path d="{line}" stroke="#cfd9ff" stroke-width="{n(unit * 2.2)}" opacity="0.25"/>'
        f'<path d="{forks or line}" stroke="#e8edff" stroke-width="{n(unit * 0.35)}" opacity="0.8"/>'
        f'<path d="{line}" stroke="#fbfcff" stroke-width="{n(unit * 0.7)}"/></g>'
    )


def _pattern(stage: Stage, side: float, inner: str, turn: float = 0.0) -> str:
    """A paint. In a seamless tile the pattern divides the picture, so that it has no seam either."""
    wide = high = side
    if stage.scene.form == "tile":
        wide, high = stage.width / max(round(stage.width / side), 1), stage.canvas.height / max(round(stage.canvas.height / side), 1)
        turn = 0.0
    move = f' patternTransform="rotate({n(turn)})"' if turn else ""
    head = f'<pattern id="{{id}}" width="{wide:.6g}" height="{high:.6g}" patternUnits="userSpaceOnUse"{move}>'
    return f"url(#{stage.canvas.define('texture', f'{head}{inner}</pattern>')})"


def _dot(x: float, y: float, r: float, fill: str, opacity: float) -> str:
    return f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}" fill="{fill}" opacity="{n(opacity)}"/>'


def _grain(stage: Stage) -> None:
    rng, side, unit = stage.chance("grain"), stage.unit * 22, stage.unit
    dots = [
        _dot(rng.uniform(0.02, 0.98) * side, rng.uniform(0.02, 0.98) * side, unit * rng.uniform(0.07, 0.17), tone, rng.uniform(0.1, 0.34))
        for tone in ("#ffffff", "#1a1420") * 130
    ]
    stage.canvas.fill_all(_pattern(stage, side, "".join(dots)), 0.8)


def _paper(stage: Stage) -> None:
    rng, side, unit = stage.chance("paper"), stage.unit * 34, stage.unit
    stage.canvas.fill_all("#efe0c2", 0.13)
    fibres = []
    for _ in range(46):
        x, y = rng.uniform(0.06, 0.94) * side, rng.uniform(0.06, 0.94) * side
        dx, dy = rng.uniform(-1.6, 1.6) * unit, rng.uniform(-1.6, 1.6) * unit
        tone = rng.choice(("#ffffff", "#6b5636"))
        fibres.append(
            f'<path d="M{n(x)} {n(y)}q{n(dx)} {n(-dy)} {n(dx + dy)} {n(dy)}" fill="none" stroke="{tone}" '
            f'stroke-width="{n(unit * 0.13)}" opacity="{n(rng.uniform(0.12, 0.3))}"/>'
        )
    specks = [_dot(rng.random() * side, rng.random() * side, unit * rng.uniform(0.1, 0.2), "#4d3a22", 0.16) for _ in range(40)]
    stage.canvas.fill_all(_pattern(stage, side, "".join(fibres + specks)))
    if stage.scene.form == "tile":
        return
    edge = stage.canvas.radial([(0, "#6b4f2a", 0), (0.7, "#6b4f2a", 0), (1, "#6b4f2a", 0.16)], (0.5, 0.5), 0.75)
    stage.canvas.fill_all(edge)


def _halftone(stage: Stage) -> None:
    """Printer's dots that thin out toward the light."""
    canvas, step = stage.canvas, stage.unit * 2.1
    deep = stage.light.base()[0]
    deep = shade(deep, light=0.3 - lch(deep).light) if lch(deep).light > 0.3 else deep
    dots = _pattern(stage, step, _dot(step / 2, step / 2, step * 0.34, deep, 1.0), 45)
    if stage.scene.form == "tile":
        canvas.fill_all(dots, 0.2)
        return
    fade = canvas.linear([(0, "#000000", 1), (0.45, "#222222", 1), (1, "#b8b8b8", 1)], (0.2, 0, 0.8, 1))
    size = f'width="{n(canvas.width)}" height="{n(canvas.height)}"'
    mask = canvas.define("mask", f'<mask id="{{id}}" maskUnits="userSpaceOnUse" x="0" y="0" {size}><rect {size} fill="{fade}"/></mask>')
    canvas.add(f'<g mask="url(#{mask})"><rect {size} fill="{dots}" opacity="0.5"/></g>')
