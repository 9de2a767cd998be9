"""The colours: every text on every ground it stands on is readable, in light and in dark (WCAG 2.2, AA: 4.5 to 1)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GROUNDS = ("paper", "card", "tint")
TEXTS = ("ink", "soft", "accent", "good", "bad", "warn")
AA_TEXT = 4.5
AA_EDGE = 3.0


def colours(css: str, selector: str) -> dict[str, str]:
    block = css[css.index(selector + " {") :]
    found = re.findall(r"--mq-([a-z-]+): (#[0-9a-f]{3,6});", block[: block.index("}")])
    return {name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in found}


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("selector", [":root", ".dark"])
def test_texts_and_edges_stand_out(assets: Path, selector: str) -> None:
    found = colours((assets / "theme" / "studio.css").read_text(encoding="utf-8"), selector)
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS] + [("accent-ink", "accent")]
    faint = {f"{a} on {b}": round(contrast(found[a], found[b]), 2) for a, b in pairs if contrast(found[a], found[b]) < AA_TEXT}
    faint |= {
        f"edge on {b}": round(contrast(found["edge"], found[b]), 2)
        for b in ("paper", "card")
        if contrast(found["edge"], found[b]) < AA_EDGE
    }
    assert faint == {}


def test_no_style_or_script_reaches_elsewhere(assets: Path) -> None:
    for file in (assets / "theme").iterdir():
        addresses = set(re.findall(r"https?://[^\s\"'`)]+", file.read_text(encoding="utf-8")))
        assert {a for a in addresses if not a.startswith(("http://127.0.0.1", "http://www.w3.org/2000/svg"))} == set(), file.name


def test_no_script_writes_markup(assets: Path) -> None:
    for file in (assets / "theme").glob("*.js"):
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source), file.name
