"""The pack of spoken lines: sounds named by line id, report.csv, report.json, and a sealed manifest of all of them.

Written by studio/export.py: write_pack, as every pack is: what leaves is labelled, and the same takes give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domain.asset import Labels
from domain.progress import Progress
from domain.value import JsonValue
from library.library import Library
from studio.export import leaving_entry, text_entry, told_file, write_pack
from studio.labelling import Labeller
from studio.line_tables import LineReport, report_csv, report_json
from studio.pack_texts import Entry

FORMAT = "maquette-lines"
FORMAT_VERSION = 1


def write_lines(library: Library, labelling: Labeller, project_id: str, rows: Sequence[LineReport], out: Path, progress: Progress) -> Path:
    """Write the pack to `out` and return it. Raises as write_pack does."""
    entries: list[Entry] = []
    beside: list[Entry] = []
    assets: list[JsonValue] = []
    for row in rows:
        if not row.asset_id:
            continue
        asset = library.asset(row.asset_id)
        entry = leaving_entry(labelling.file(asset, asset.main, row.file), beside, original=asset.main.name)
        entries.append(entry)
        labels = asset.labels.model_dump(mode="json")
        assets.append({"id": asset.id, "title": asset.title, "line": row.line, "labels": labels, "files": [told_file(entry)]})
    project = library.project(project_id)
    manifest: dict[str, JsonValue] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "project": {"id": project.id, "name": project.name, "language": project.language},
        "labels": Labels(ai_generated=True).model_dump(mode="json") if assets else {"ai_generated": False},
        "assets": assets,
    }
    texts = [
        text_entry("report.csv", "\ufeff" + report_csv(rows), "text/csv"),
        text_entry("report.json", report_json(rows), "application/json"),
    ]
    return write_pack(out, manifest, texts, [*entries, *beside], labelling, progress)
