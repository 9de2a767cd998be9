"""What library tests store."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.recipe import OutputFile

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def png(data: bytes = b"picture") -> tuple[OutputFile, ...]:
    return (OutputFile(name="picture.png", media_type="image/png", data=data),)
