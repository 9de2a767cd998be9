"""What a copy step can be asked for: channels with the fields they take, frameworks. From the data, in the language of a page."""

from __future__ import annotations

from agents.writers.calls import Desk
from domain.specs import CopyField
from domain.value import Value


class ChannelOption(Value):
    """fields: what a copy step for this channel writes. languages: the only ones it is for; empty: any."""

    id: str
    name: str
    group: str
    languages: tuple[str, ...] = ()
    fields: tuple[CopyField, ...]


class FrameworkOption(Value):
    id: str
    name: str


class CopyOptions(Value):
    channels: tuple[ChannelOption, ...]
    frameworks: tuple[FrameworkOption, ...]


def copy_options(desk: Desk, language: str) -> CopyOptions:
    """language: of the names; Chinese where it begins with "zh", else English."""
    chinese = language.split("-")[0] == "zh"
    return CopyOptions(
        channels=tuple(
            ChannelOption(
                id=one.id,
                name=one.name.zh if chinese else one.name.en,
                group=one.group,
                languages=one.languages,
                fields=one.copy_fields,
            )
            for one in desk.channels.all
        ),
        frameworks=tuple(FrameworkOption(id=one.id, name=one.name.zh if chinese else one.name.en) for one in desk.crafts.framework),
    )
