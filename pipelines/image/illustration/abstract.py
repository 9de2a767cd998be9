"""Settings that are no place: plain, gradient, pattern."""

from __future__ import annotations

from pipelines.image.illustration.colour import Lch, darkest, hex_of, lch, lightest, mix, most_vivid, shade
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number as n

#: Backdrop pairs for pictures without a palette: main, second, accent.
PAIRS = (
    ("#f3d9c6", "#e9a98c", "#c8553d"), ("#cfe3ea", "#8fbfd0", "#2f6f8f"), ("#dfe7d2", "#a9c59a", "#557a4a"),
    ("#e6dcf0", "#b8a2d6", "#6b4d9a"), ("#fbe6b8", "#f2bb5c", "#c47a1b"), ("#f6d5de", "#e79ab0", "#b0486b"),
)  # fmt: skip


def tones(stage: Stage) -> tuple[str, str, str]:
    """(pale ground, middle, vivid accent) from the palette, or a pair chosen by the seed; deeper at night."""
    palette = stage.scene.palette
    if palette:
        main, accent = lch(palette[0]), most_vivid(palette[1:] or palette)
        pale = hex_of(Lch(0.93, min(main.chroma, 0.035), main.hue)) if lch(lightest(palette)).light < 0.85 else lightest(palette)
        middle = hex_of(Lch(max(min(main.light, 0.78), 0.7), min(max(main.chroma, 0.02) * 0.8, 0.13), main.hue))
        tones = (pale, middle, accent)
    else:
        rng = stage.chance("pair")
        pair, turn, lift = rng.choice(PAIRS), rng.uniform(-18, 18), rng.uniform(-0.05, 0.015)
        tones = (shade(pair[0], hue=turn, light=lift), shade(pair[1], hue=turn, light=lift * 1.3), shade(pair[2], hue=turn))
    if stage.light.dark:
        deep = darkest(palette) if palette else tones[2]
        value = lch(deep)
        ground = hex_of(Lch(min(value.light, 0.3), value.chroma * 0.8, value.hue))
        return ground, mix(ground, tones[2], 0.45), tones[2]
    if stage.light.warm:
        return mix(tones[0], stage.light.ambient, 0.16), mix(tones[1], stage.light.ambient, 0.16), tones[2]
    return tones


def plain(stage: Stage) -> Floor:
    """One colour with a soft light in the middle: a ground for items."""
    pale, middle, _ = tones(stage)
    canvas, rng = stage.canvas, stage.chance("plain")
    deep, side = mix(pale, middle, rng.uniform(0.12, 0.5)), rng.choice((0.0, 1.0))
    canvas.fill_all(canvas.linear([(0, mix(deep, pale, rng.uniform(0.1, 0.6)), 1), (1, deep, 1)], (side, 0, 1 - side, 1)))
    x, y = stage.area.centre
    lamp = (x / stage.width + rng.uniform(-0.16, 0.16), y / stage.canvas.height + rng.uniform(-0.16, 0.08))
    canvas.fill_all(canvas.radial([(0, shade(pale, light=0.04), 1), (0.55, pale, 0.65), (1, pale, 0)], lamp, rng.uniform(0.46, 0.72)))
    return Floor(far=stage.height * 0.5, near=stage.height * 0.88, footing="none", shade=0.3, sun=0.4, spot=x)


def gradient(stage: Stage) -> Floor:
    """Two colours meeting, with large soft shapes, rings and a wave."""
    pale, middle, accent = tones(stage)
    canvas, rng, w, h = stage.canvas, stage.chance("gradient"), stage.width, stage.height
    turn = rng.choice(((0, 0, 1, 1), (1, 0, 0, 1), (0, 0, 0, 1)))
    canvas.fill_all(canvas.linear([(0, pale, 1), (0.55, mix(pale, middle, 0.55), 1), (1, middle, 1)], turn))
    for tone in (accent, shade(pale, light=0.05), middle, mix(accent, middle, 0.5)):
        x, y, r = rng.uniform(0, 1) * w, rng.uniform(0, 1) * h, stage.unit * rng.uniform(38, 70)
        canvas.ellipse(x, y, r, r, canvas.radial([(0, tone, 0.34), (0.6, tone, 0.12), (1, tone, 0)]))
    _edges(stage, rng.randrange(3), middle, accent)
    x, y = stage.area.centre
    _halo(stage, rng.randrange(4), x, y, min(stage.area.width, stage.area.height) * rng.uniform(0.34, 0.45), shade(pale, light=0.05))
    ring = stage.unit * 0.35
    for _ in range(5):
        cx, cy, s = rng.uniform(0.04, 0.96) * w, rng.uniform(0.05, 0.95) * h, stage.unit * rng.uniform(1.2, 3.4)
        if rng.random() < 0.5:
            canvas.ring(cx, cy, s, accent, ring, 0.4)
        else:
            canvas.ellipse(cx, cy, s * 0.6, s * 0.6, accent, 0.45)
    return Floor(far=h * 0.6, near=h * 0.9, footing="none", shade=0.28, sun=0.4, spot=x)


def _halo(stage: Stage, kind: int, x: float, y: float, r: float, tone: str) -> None:
    """What the subject stands out from: discs, an arch, a soft square, or a wide glow."""
    canvas, h = stage.canvas, stage.canvas.height
    if kind == 0:
        canvas.ellipse(x, y, r * 1.28, r * 1.28, tone, 0.22)
        canvas.ellipse(x, y, r, r, tone, 0.5)
    elif kind == 1:
        for grow, alpha in ((1.2, 0.24), (0.96, 0.5)):
            half = r * grow
            data = f"M{n(x - half)} {n(h + 2)}V{n(y - r * 0.2)}a{n(half)} {n(half)} 0 0 1 {n(2 * half)} 0V{n(h + 2)}Z"
            canvas.path(data, canvas.linear([(0, tone, alpha), (0.7, tone, alpha * 0.7), (1, tone, 0)]))
    elif kind == 2:
        for grow, alpha in ((1.12, 0.24), (0.94, 0.5)):
            canvas.rect(x - r * grow, y - r * grow, 2 * r * grow, 2 * r * grow, tone, alpha, r * 0.34)
    else:
        canvas.ellipse(x, y, r * 1.7, r * 1.5, canvas.radial([(0, tone, 0.9), (0.6, tone, 0.4), (1, tone, 0)]))


def _edges(stage: Stage, kind: int, middle: str, accent: str) -> None:
    """Large shapes at the edges: waves below, quarter discs in two corners, or slanting bands."""
    canvas, rng, w, h = stage.canvas, stage.chance("edges"), stage.width, stage.height
    side = rng.choice((0.0, 1.0))
    for i in range(3):
        tone = mix(middle, accent, 0.16 + 0.2 * i)
        if kind == 0:
            line = stage.ridge(f"wave {i}", h * (0.68 + 0.1 * i), h * 0.06, steps=4)
            canvas.under(line, canvas.linear([(0, tone, 0.34), (1, tone, 0.1)]))
        elif kind == 1:
            r = stage.unit * (46 - 13 * i)
            canvas.ellipse(w * side, 0, r, r, tone, 0.26)
            canvas.ellipse(w * (1 - side), stage.canvas.height, r * 0.8, r * 0.8, tone, 0.26)
        else:
            x, wide = w * (0.72 + 0.13 * i), w * 0.1
            corners = [(x, 0.0), (x + wide, 0.0), (x + wide - h * 0.5, stage.canvas.height), (x - h * 0.5, stage.canvas.height)]
            canvas.polygon([(px if side else w - px, py) for px, py in corners], tone, 0.2)


def pattern(stage: Stage) -> Floor:
    """A repeated motif in low contrast, with a calm disc where the subject stands."""
    pale, middle, accent = tones(stage)
    canvas, rng = stage.canvas, stage.chance("pattern")
    canvas.fill_all(pale)
    tone = mix(pale, middle, rng.uniform(0.4, 0.7))
    motif = rng.choice((_scales, _dots, _triangles, _plus, _stripes, _waves, _arcs))
    motif(stage, tone, mix(pale, accent, 0.32))
    x, y = stage.area.centre
    r = min(stage.area.width, stage.area.height) * 0.44
    if stage.scene.composition == "row" or len(stage.scene.subjects) > 2:
        canvas.rect(stage.area.x, y - r, stage.area.width, 2 * r, shade(pale, light=0.04), 0.94)
        return Floor(far=y, near=y + r * 0.62, footing="none", shade=0.28, sun=0.4)
    canvas.ellipse(x, y, r, r, shade(pale, light=0.04), 0.94)
    canvas.ring(x, y, r * 0.95, accent, stage.unit * 0.3, 0.55)
    return Floor(far=y, near=y + r * 0.62, footing="none", shade=0.28, sun=0.4, spot=x)


def _size(stage: Stage, step: float) -> float:
    """A motif's step, larger or smaller by the seed."""
    return stage.unit * step * stage.chance("motif").uniform(0.72, 1.4)


def _grid(stage: Stage, step: float) -> list[tuple[int, int, float, float]]:
    rng = stage.chance("grid")
    dx, dy = rng.uniform(-1, 0) * step, rng.uniform(-1, 0) * step
    columns, rows = int(stage.width / step) + 3, int(stage.canvas.height / step) + 3
    return [(i, j, i * step + dx, j * step + dy) for j in range(rows) for i in range(columns)]


def _waves(stage: Stage, tone: str, second: str) -> None:
    """Wavy lines, one in four of the second colour."""
    step = _size(stage, 7)
    for j in range(int(stage.canvas.height / step) + 2):
        half = step * 0.9
        data = f"M{n(-step)} {n(j * step)}q{n(half / 2)} {n(-step * 0.6)} {n(half)} 0" + f"t{n(half)} 0" * (int(stage.width / half) + 3)
        stage.canvas.stroke(data, second if j % 4 == 0 else tone, step * 0.16, 0.8)


def _arcs(stage: Stage, tone: str, second: str) -> None:
    """Quarter circles turned by chance, as tiles."""
    step, rng = _size(stage, 14), stage.chance("arcs")
    for _, _, x, y in _grid(stage, step):
        fill = rng.choice((tone, second, mix(tone, second, 0.5)))
        cx, cy = rng.choice((x, x + step)), rng.choice((y, y + step))
        sx, sy = (step if cx == x else -step), (step if cy == y else -step)
        sweep = 1 if (sx > 0) == (sy > 0) else 0
        stage.canvas.path(f"M{n(cx)} {n(cy)}h{n(sx)}A{n(step)} {n(step)} 0 0 {sweep} {n(cx)} {n(cy + sy)}Z", fill, 0.55)


def _scales(stage: Stage, tone: str, second: str) -> None:
    """Overlapping fans in rows (seigaiha)."""
    step = _size(stage, 11)
    r = step / 2
    for i, j, x, y in _grid(stage, step):
        for ring, share in enumerate((1.0, 0.72, 0.44)):
            cx, cy = x + (r if j % 2 else 0), y
            fill = tone if ring % 2 == 0 else second
            if i >= 0:
                stage.canvas.ring(cx, cy, r * share, fill, stage.unit * 0.45, 0.7)


def _dots(stage: Stage, tone: str, second: str) -> None:
    for i, j, x, y in _grid(stage, _size(stage, 8)):
        stage.canvas.ellipse(
            x + (stage.unit * 4 if j % 2 else 0), y, stage.unit * 1.3, stage.unit * 1.3, second if (i + j) % 5 == 0 else tone
        )


def _triangles(stage: Stage, tone: str, second: str) -> None:
    step, rng = _size(stage, 12), stage.chance("triangles")
    for _, _, x, y in _grid(stage, step):
        fill = rng.choice((tone, second, mix(tone, second, 0.5)))
        if rng.random() < 0.5:
            stage.canvas.polygon([(x, y), (x + step, y), (x, y + step)], fill, 0.6)
        else:
            stage.canvas.polygon([(x + step, y + step), (x + step, y), (x, y + step)], fill, 0.6)


def _plus(stage: Stage, tone: str, second: str) -> None:
    arm, thick = stage.unit * 1.6, stage.unit * 0.6
    for i, j, x, y in _grid(stage, _size(stage, 9)):
        cx = x + (stage.unit * 4.5 if j % 2 else 0)
        if (i * 3 + j) % 4:
            stage.canvas.stroke(f"M{n(cx - arm)} {n(y)}h{n(2 * arm)}M{n(cx)} {n(y - arm)}v{n(2 * arm)}", tone, thick)
        else:
            stage.canvas.ring(cx, y, arm * 0.8, second, thick)


def _stripes(stage: Stage, tone: str, second: str) -> None:
    step = _size(stage, 9)
    for i in range(int((stage.width + stage.canvas.height) / step) + 2):
        x = i * step - stage.canvas.height
        fill = second if i % 4 == 0 else tone
        stage.canvas.polygon(
            [
                (x, stage.canvas.height),
                (x + step * 0.42, stage.canvas.height),
                (x + step * 0.42 + stage.canvas.height, 0),
                (x + stage.canvas.height, 0),
            ],
            fill,
            0.6,
        )
