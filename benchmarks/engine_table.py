"""A table of numbers: what was measured, from what, and what was asked."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    measured: str
    source: str
    asked: str = ""


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{os.cpu_count()} cores {model or platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def table(command: str, rows: Iterable[Row]) -> str:
    """Markdown."""
    header = f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}; `{command}`."
    return "\n".join([header, "", "| what | measured | from | asked |", "|---|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])
