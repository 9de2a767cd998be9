"""The base of every noun: a frozen, strict value that turns into JSON and back without loss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

__all__ = ["JsonValue", "Value", "canonical_json", "content_hash", "seed_for"]


class Value(BaseModel):
    """A frozen value. Unknown fields are refused: a misspelt field must fail, not vanish."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8. Equal values give equal text."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def content_hash(data: bytes | str) -> str:
    """SHA-256 as 64 lowercase hex digits."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def seed_for(plan_seed: int, step_id: str, take: int) -> int:
    """The seed of one take of one step: 0 <= seed < 2**31, the same on every machine."""
    digest = hashlib.sha256(f"{plan_seed}/{step_id}/{take}".encode()).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
