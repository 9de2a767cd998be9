"""The finished choices of one sound effect: what the synthesiser works from."""

from __future__ import annotations

from pydantic import Field

from domain.value import Value


class Effect(Value):
    """id: an entry of assets/effects.toml. seconds 0: the entry's own length. loop: the end joins the beginning.

    size: -1 small and quick .. 1 large and slow. distance: 0 near .. 1 far away. pace: how fast what repeats follows itself.
    count: variations, each in a file of its own.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)
    seconds: float = Field(default=0.0, ge=0.0, le=60.0)
    loop: bool = False
    size: float = Field(default=0.0, ge=-1.0, le=1.0)
    distance: float = Field(default=0.0, ge=0.0, le=1.0)
    pace: float = Field(default=1.0, ge=0.5, le=2.0)
    count: int = Field(default=1, ge=1, le=8)
