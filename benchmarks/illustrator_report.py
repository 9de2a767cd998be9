"""What was measured of the illustrator, kept and written down: docs/gallery/measured.json, prompts-report.md and docs/benchmarks.md.

Measurements carry a label ("before", "after"): the reports show all labels side by side. Knows nothing of how they are taken.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.illustrator_prompts import ROOT, prompts

GALLERY = ROOT / "docs" / "gallery"
MEASURED = GALLERY / "measured.json"
REPORT = GALLERY / "prompts-report.md"
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- illustrator: begin (written by python -m benchmarks.illustrator) -->", "<!-- illustrator: end -->"
Measured = dict[str, dict[str, Any]]

#: What is asked for, by (part, line).
ASKED = {
    ("speed", "PNG and SVG at 1024, CPU-s, median"): "1.5",
    ("speed", "SVG at 1024, CPU-s, median"): "0.5",
    ("speed", "search after embedding, ms, median"): "20",
    ("speed", "12 pictures of 1024 on 2 cores, wall s"): "10",
    ("speed", "peak memory, one process, MB"): "700",
    ("prompts", "all things present, library has the nouns"): "95%",
    ("prompts", "colours right"): "95%",
    ("prompts", "logos"): "0",
    ("prompts", "pictures with a clipped thing"): "0",
    ("prompts", "recoloured area within 10"): "0.95",
    ("prompts", "recoloured area within 10, shading apart"): "0.95",
    ("nouns", "exact"): "80%",
    ("wordings", "wishes that give the same things in five wordings"): "100%",
    ("palettes", "recoloured area within 10 of the palette, its tints and shades"): "0.95",
    ("blind", "pictures with all things seen"): "",
}
COMMANDS = {
    "speed": "speed",
    "prompts": "prompts",
    "prompts with chat": "prompts --llm",
    "unseen": "unseen",
    "nouns": "nouns",
    "wordings": "wordings",
    "palettes": "palettes",
}


def keep(label: str, part: str, found: Mapping[str, Any], path: Path = MEASURED) -> Measured:
    """Add one part under a label, with where and when it was measured; everything else stays. Gives all that is known."""
    known = read(path)
    known.setdefault(label, {})[part] = {"where": where(), **found}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_lines(known) + "\n", "utf-8")
    return known


def _lines(value: Any, depth: int = 0) -> str:
    """JSON with a line for each number and each row: small, and easy to compare."""
    if isinstance(value, Mapping) and depth < 4:
        inner = [f"{json.dumps(name)}: {_lines(value[name], depth + 1)}" for name in sorted(value)]
        return "{\n" + ",\n".join(inner) + "\n}" if inner else "{}"
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def read(path: Path = MEASURED) -> Measured:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def where() -> str:
    """Date, machine and load, in words."""
    load = f"{os.getloadavg()[0]:.1f}"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{today}, {cores} cores {platform.machine()}, Python {platform.python_version()}, load average {load}"


def section(known: Measured) -> str:
    """The numbers of all labels as one table."""
    labels = sorted(known, key=lambda label: (label != "before", label))
    lines = [f"| what | {' | '.join(labels)} | asked |", f"|---|{'---|' * len(labels)}---|"]
    parts = list(dict.fromkeys(part for label in labels for part in known[label]))
    for part in sorted(parts, key=lambda p: (p not in COMMANDS, list(COMMANDS).index(p) if p in COMMANDS else 0)):
        command = COMMANDS.get(part)
        lines.append(f"| **{part}**{f' (`python -m benchmarks.illustrator {command}`)' if command else ''} |{' |' * len(labels)} |")
        names = dict.fromkeys(name for label in labels for name in known[label].get(part, {}).get("numbers", {}))
        for name in names:
            values = (_said(known[label].get(part, {}).get("numbers", {}).get(name)) for label in labels)
            lines.append(f"| {name} | {' | '.join(values)} | {ASKED.get((part, name), '')} |")
    taken = [f"- {label}, {part}: {entry['where']}" for label in labels for part, entry in sorted(known[label].items())]
    return "\n".join([*lines, "", "Measured:", "", *taken])


def write_section(known: Measured, path: Path = BENCHMARKS) -> None:
    """Replace the part between the marks; put marks and headline at the end of a file that has none."""
    text = path.read_text("utf-8")
    if BEGIN not in text:
        text = text.rstrip("\n") + f"\n\n{_HEAD}\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{section(known)}\n{END}{after}", "utf-8")


def write_report(known: Measured, path: Path = REPORT) -> None:
    """A row a prompt, every label that has rows."""
    labels = [label for label in sorted(known, key=lambda x: (x != "before", x)) if "rows" in known[label].get("prompts", {})]
    rows = {label: {row["id"]: row for row in known[label]["prompts"]["rows"]} for label in labels}
    lines = [_REPORT_HEAD, "", f"| id | prompt | {' | '.join(labels)} |", f"|---|---|{'---|' * len(labels)}"]
    for prompt in prompts():
        cells = (_cell(rows[label][prompt.id]) if prompt.id in rows[label] else "" for label in labels)
        text = prompt.prompt.replace("|", "/")
        lines.append(f"| {prompt.id} | {text} | {' | '.join(cells)} |")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"{100 * value[0]:.1f}% of {value[1]}"
    if isinstance(value, float):
        return f"{value:.2f}" if value < 100 else f"{value:.0f}"
    return str(value)


def _cell(row: Mapping[str, Any]) -> str:
    """In a few words: what was found, what is wrong."""
    said = [_thing(found) for found in row["subjects"]]
    faults = ("clipped", "overlaps", "intrudes", "logos")
    wrong = [f"**{name}**: {', '.join(row[name])}" for name in faults if name in row]
    legible = row.get("legible", {"right": True})
    if row.get("setting_right") is False:
        wrong.append(f"**setting** {row['setting']}")
    if row.get("space_right") is False:
        wrong.append("**no space** on the asked side")
    elif not legible.get("right"):
        wrong.append(f"**text hard to read**: contrast {legible['contrast']:.1f}, unevenness {legible['uneven']:.0f}")
    if "error" in row:
        wrong.append(f"**error**: {row['error']}".replace("|", "/"))
    if "extra" in row:
        wrong.append(f"also drawn: {', '.join(row['extra'])}")
    return "; ".join([*said, *wrong])


def _thing(found: Mapping[str, Any]) -> str:
    text, how, colour = str(found["what"]), found["how"], found.get("colour")
    if how == "near":
        text = f"{text} → {found['instead']}"
    elif how == "loose":
        text = f"{text} → {found['instead']} (not told)"
    elif how == "missing":
        text = f"~~{text}~~" + ("" if found.get("known") else " (not in the library)")
    if how in ("exact", "near", "loose") and not found.get("count_right"):
        text += f" ×{found.get('drawn', 0)} of {found['asked']}"
    paint = found.get("paint")
    if colour and how != "missing" and not (paint and paint.get("right")):
        text += f" (**{colour}** → {paint['name']}, ΔE {paint['difference']:.0f})" if paint else f" (**not {colour}**)"
    return text


def rows_of(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows as they are kept: short numbers, and nothing that is empty, so that the file stays small; a False stays."""
    return [_full(short(row)) for row in rows]


def _full(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _full(part) for name, part in value.items() if part is False or part not in (None, "", [], {}, 0)}
    return [_full(part) for part in value] if isinstance(value, list) else value


def short(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {name: short(part) for name, part in value.items()}
    if isinstance(value, list):
        return [short(part) for part in value]
    return value


_HEAD = """## The illustrator

200 prompts as people type them, fixed before the composer (`benchmarks/data/prompts.toml`), through the real path: words to scene by rules, scene to picture. How a thing counts: **exact** when a drawing of exactly that name was drawn, **near** when another was drawn and the person is told, loose when it was drawn by a keyword or a part of the name and nobody is told, else missing.
A colour is right when what was recoloured (the pixels that change when the scene asks for the opposite colour) covers at least a fifth of the thing's box and its mean is nearest to the asked name of 13, or within ΔE2000 15 of it. The side for text is legible when 95% of it has a contrast of 4.5 to white or near-black text and its lightness spreads (standard deviation of L*) by at most 14.
A thing is hidden when more than 35% of the smaller box is shared (85% where the scene relates things). Pictures are drawn at 720 pixels on the longer side. `python -m benchmarks.illustrator all --as after` measures everything; rows per prompt are in [gallery/prompts-report.md](gallery/prompts-report.md), what was seen by eye in [gallery/rounds.md](gallery/rounds.md)."""  # noqa: E501
_REPORT_HEAD = """# The 200 prompts

Written by `python -m benchmarks.illustrator prompts`; how things are counted stands in [benchmarks](../benchmarks.md#the-illustrator). An arrow names what was drawn instead and told; struck through is missing; bold is a fault."""  # noqa: E501
