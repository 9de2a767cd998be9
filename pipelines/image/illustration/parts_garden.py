"""What stands in gardens and parks: pavilions, fountains, glasshouses, hedges, benches, wells. Knows nothing of settings."""

from __future__ import annotations

from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade


def gazebo(b: Backdrop, x: float, foot: float, size: float) -> None:
    white, roof = b.tone("#f6f1e6", 0.2), b.pick(("#7fa7a0", "#a5655a", "#6f7fa0", "#8f9a6a"), 0.2)
    b.rect(x - size * 0.5, foot - size * 0.08, size, size * 0.1, shade(white, light=-0.05))
    b.cells(white, [(x + size * s - size * 0.02, foot - size * 0.62, size * 0.04, size * 0.56) for s in (-0.44, -0.2, 0.2, 0.44)])
    b.cells(
        white,
        [(x - size * 0.44, foot - size * 0.26, size * 0.24, size * 0.03), (x + size * 0.2, foot - size * 0.26, size * 0.24, size * 0.03)],
    )
    b.cells(
        white, [(x + size * s, foot - size * 0.25, size * 0.018, size * 0.18) for s in (-0.4, -0.35, -0.3, -0.25, 0.24, 0.29, 0.34, 0.39)]
    )
    b.path(
        b.drum(roof),
        "M# #Q# # # #Q# # # #Z",
        x - size * 0.58,
        foot - size * 0.6,
        x - size * 0.14,
        foot - size * 0.72,
        x,
        foot - size * 1.05,
        x + size * 0.14,
        foot - size * 0.72,
        x + size * 0.58,
        foot - size * 0.6,
    )
    b.rect(x - size * 0.5, foot - size * 0.63, size, size * 0.05, white)


def fountain(b: Backdrop, x: float, foot: float, size: float) -> None:
    grey, water = b.tone("#c9c4bb", 0.2), mix(b.tone("#8fd0e6", 0.1), "#ffffff", 0.25)
    b.shadow(x, foot, size * 0.7, size * 0.1, 0.3)
    b.path(
        b.drum(grey),
        "M# #h#l# #a# # 0 0 1 # 0Z",
        x - size * 0.55,
        foot - size * 0.16,
        size * 1.1,
        -size * 0.07,
        size * 0.14,
        size * 0.48,
        size * 0.1,
        -size * 0.96,
    )
    b.oval(x, foot - size * 0.16, size * 0.55, size * 0.09, shade(grey, light=0.05))
    b.oval(x, foot - size * 0.16, size * 0.49, size * 0.07, water)
    b.rect(x - size * 0.05, foot - size * 0.6, size * 0.1, size * 0.45, b.drum(grey))
    b.path(
        b.drum(grey),
        "M# #h#Q# # # #Z",
        x - size * 0.26,
        foot - size * 0.56,
        size * 0.52,
        x,
        foot - size * 0.36,
        x - size * 0.26,
        foot - size * 0.56,
    )
    b.oval(x, foot - size * 0.56, size * 0.26, size * 0.045, water)
    for side in (-1, 1):
        b.line(
            water,
            size * 0.022,
            "M# #Q# # # #M# #Q# # # #",
            x,
            foot - size * 0.85,
            x + side * size * 0.2,
            foot - size * 0.85,
            x + side * size * 0.2,
            foot - size * 0.56,
            x + side * size * 0.25,
            foot - size * 0.55,
            x + side * size * 0.42,
            foot - size * 0.5,
            x + side * size * 0.4,
            foot - size * 0.17,
            opacity=0.85,
        )


def rose_arch(b: Backdrop, x: float, foot: float, size: float) -> None:
    leaf, rose, wood = b.tone("#4f8f55", 0.12), b.accent(("#e8627a", "#f2a0b8", "#ffffff", "#e8a03f")), b.tone("#f3ede0", 0.15)
    b.line(
        wood,
        size * 0.05,
        "M# #V#A# # 0 0 1 # #V#",
        x - size * 0.32,
        foot,
        foot - size * 0.6,
        size * 0.32,
        size * 0.32,
        x + size * 0.32,
        foot - size * 0.6,
        foot,
    )
    ring = []
    for i in range(30):
        t = i / 29
        if t < 0.3 or t > 0.7:
            px, py = x + size * (-0.32 if t < 0.5 else 0.32), foot - size * 0.6 * (t / 0.3 if t < 0.5 else (1 - t) / 0.3)
        else:
            k = (t - 0.5) / 0.2
            px, py = x + size * 0.32 * k, foot - size * (0.6 + 0.32 * (1 - k * k) ** 0.5)
        ring.append((px + b.some(-0.03, 0.03) * size, py + b.some(-0.03, 0.03) * size, size * b.some(0.05, 0.085)))
    b.dots(shade(leaf, light=-0.04), ring)
    b.dots(leaf, [(px - r * 0.3, py - r * 0.3, r * 0.7) for px, py, r in ring])
    b.dots(rose, [(px + b.some(-0.04, 0.04) * size, py + b.some(-0.04, 0.04) * size, size * 0.022) for px, py, _ in ring])


def glasshouse(b: Backdrop, x: float, foot: float, size: float) -> None:
    frame, glass = b.tone("#f3f3ee", 0.2), mix(b.glass, b.tone("#a9d9c4", 0.2), 0.4)
    w, high = size * 0.75, size * 0.5
    glow = b.lamp if b.light.dark else glass
    b.poly(
        b.down(glass, mix(glow, glass, 0.5)),
        (x - w, foot),
        (x - w, foot - high),
        (x, foot - high * 1.7),
        (x + w, foot - high),
        (x + w, foot),
        opacity=0.85,
    )
    b.dots(
        b.tone("#5f9f62", 0.2),
        [(x + w * b.some(-0.9, 0.9), foot - size * b.some(0.05, 0.2), size * b.some(0.06, 0.12)) for _ in range(10)],
        0.6,
    )
    t = size * 0.022
    b.cells(
        frame,
        [(x + w * s - t / 2, foot - high, t, high) for s in (-1, -0.66, -0.33, 0, 0.33, 0.66, 1)]
        + [(x - w, foot - high * s, 2 * w, t) for s in (0.5, 1.0)]
        + [(x - w, foot - t * 2, 2 * w, t * 2)],
    )
    b.line(
        frame,
        t,
        "M# #L# #L# #M# #L# #M# #L# #",
        x - w,
        foot - high,
        x,
        foot - high * 1.7,
        x + w,
        foot - high,
        x - w * 0.33,
        foot - high,
        x,
        foot - high * 1.7,
        x + w * 0.33,
        foot - high,
        x,
        foot - high * 1.7,
    )


def topiary(b: Backdrop, x: float, foot: float, size: float, kind: int) -> None:
    leaf, pot = b.tone("#3f8a52", 0.05), b.tone("#c98a62")
    b.shadow(x, foot, size * 0.5, size * 0.1, 0.35)
    b.poly(
        b.drum(pot),
        (x - size * 0.24, foot - size * 0.32),
        (x + size * 0.24, foot - size * 0.32),
        (x + size * 0.18, foot),
        (x - size * 0.18, foot),
    )
    b.rect(x - size * 0.03, foot - size * 0.6, size * 0.06, size * 0.3, b.tone("#6b4d3a"))
    if kind == 0:
        b.dots(leaf, [(x, foot - size * 0.8, size * 0.34)])
        b.dots(shade(leaf, light=0.04), [(x - size * 0.1, foot - size * 0.9, size * 0.18)])
    elif kind == 1:
        b.poly(b.drum(leaf), (x - size * 0.3, foot - size * 0.36), (x, foot - size * 1.4), (x + size * 0.3, foot - size * 0.36))
    else:
        b.dots(leaf, [(x, foot - size * 0.58, size * 0.28), (x, foot - size * 1.0, size * 0.21), (x, foot - size * 1.32, size * 0.14)])
        b.dots(
            shade(leaf, light=0.04), [(x - size * 0.08, foot - size * 0.66, size * 0.14), (x - size * 0.06, foot - size * 1.05, size * 0.1)]
        )


def bench(b: Backdrop, x: float, foot: float, size: float) -> None:
    wood, iron = b.tone("#a8734a"), b.tone("#3f4a4f")
    b.shadow(x, foot, size * 0.6, size * 0.08, 0.3)
    b.cells(iron, [(x + size * s - size * 0.025, foot - size * 0.44, size * 0.05, size * 0.44) for s in (-0.4, 0.4)])
    b.cells(
        wood,
        [(x - size * 0.5, foot - size * v, size, size * 0.06) for v in (0.46, 0.37)]
        + [(x - size * 0.52, foot - size * 0.23, size * 1.04, size * 0.07)],
    )


def well(b: Backdrop, x: float, foot: float, size: float) -> None:
    grey, wood = b.tone("#a8a39a"), b.tone("#8a6248")
    b.shadow(x, foot, size * 0.7, size * 0.12, 0.35)
    b.cells(
        wood,
        [
            (x - size * 0.4, foot - size * 1.1, size * 0.08, size),
            (x + size * 0.32, foot - size * 1.1, size * 0.08, size),
            (x - size * 0.4, foot - size * 0.85, size * 0.8, size * 0.05),
        ],
    )
    b.path(
        b.drum(grey),
        "M# #v#a# # 0 0 0 # 0v#Z",
        x - size * 0.46,
        foot - size * 0.5,
        size * 0.44,
        size * 0.46,
        size * 0.1,
        size * 0.92,
        -size * 0.44,
    )
    b.oval(x, foot - size * 0.5, size * 0.46, size * 0.1, shade(grey, light=0.05))
    b.oval(x, foot - size * 0.5, size * 0.34, size * 0.065, shade(grey, light=-0.25))
    roof = b.tone("#b5654a")
    b.poly(roof, (x - size * 0.62, foot - size * 1.02), (x, foot - size * 1.5), (x + size * 0.62, foot - size * 1.02))
    b.poly(shade(roof, light=-0.06), (x, foot - size * 1.02), (x, foot - size * 1.5), (x + size * 0.62, foot - size * 1.02))
