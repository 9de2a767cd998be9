"""docs/labels.md shows the table that exports are held to."""

from __future__ import annotations

from pathlib import Path

from domain.labels import FileFormat
from pipelines.labels.formats import Formats

ROOT = Path(__file__).resolve().parents[2]


def row_of(one: FileFormat) -> str:
    inside = [
        one.name,
        one.aigc or "beside",
        one.origin or "beside",
        "inside" if one.c2pa else "beside, a seal",
        one.explicit or "–",
        "yes" if one.watermark else "–",
        one.why,
    ]
    return f"| {' | '.join(inside)} |"


def test_the_page_shows_the_table_of_the_formats(assets: Path) -> None:
    page = (ROOT / "docs" / "labels.md").read_text(encoding="utf-8")
    shown = page.split("<!-- table -->\n", 1)[1].split("<!-- /table -->", 1)[0].strip().splitlines()
    assert shown[2:] == [row_of(one) for one in Formats.of(assets).rows]
