"""Proposes who speaks as whom: a voice for each character, distinct, and fitting what is known of them. Rules and word lists, no LLM.

A proposal only: a person auditions and changes it, and from then on it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.writers.calls import Desk
from agents.writers.spoken import Voice
from agents.writers.wishes import counted, strongest
from domain.brand import CastMember
from domain.dialogue import Character
from domain.errors import InputError

#: What each thing is worth when a voice is chosen. Two characters with one voice would be worse than any mismatch but gender.
_GENDER, _AGE, _TONE, _GRADE, _TAKEN, _NEAR = 10.0, 4.0, 2.0, 0.2, 20.0, 1.5
#: Voices of one gender whose pitch differs by less than this share are hard to tell apart.
_APART = 0.08
_GRADES = "FDCBA"


def propose_cast(
    people: Sequence[Character], language: str, voices: Sequence[Voice], sheet: Sequence[CastMember], desk: Desk
) -> tuple[CastMember, ...]:
    """A member for each of the people that the sheet does not have yet, in their order; their voices differ from the sheet's too.

    With more people than voices the later ones get blends of two. Raises InputError when no voice speaks the language.
    """
    speaking = [voice for voice in voices if voice.speaks(language) and not voice.by_name]
    offered = [voice for voice in speaking if voice.pitch] or speaking
    if not offered:
        known = ", ".join(sorted({voice.language.split("-")[0] for voice in voices})) or "none"
        raise InputError(
            "No voice here speaks {language}.",
            hint="Languages of the voices here: {known}.",
            field="language",
            language=repr(language),
            known=known,
        )
    by_name = {voice.name: voice for voice in voices}
    taken = [by_name[part] for member in sheet for part in parts_of(member.voice) if part in by_name]
    used = {member.voice for member in sheet}
    known_names = {member.name.casefold() for member in sheet}
    found: list[CastMember] = []
    for one in people:
        if one.name.casefold() in known_names:
            continue
        known_names.add(one.name.casefold())
        voice = _best(_traits(one, desk), offered, taken)
        name = voice.name if voice.name not in used else _blended(voice, offered, used)
        used.add(name)
        taken.append(voice)
        found.append(CastMember(name=one.name, voice=name, note=one.voice[:200]))
    return tuple(found)


def parts_of(voice: str) -> tuple[str, ...]:
    """The names in a voice or blend."""
    return tuple(re.split(r"\*", part)[0].strip() for part in voice.split("+"))


def _traits(one: Character, desk: Desk) -> dict[str, Any]:
    words, tones = desk.prompts("casting"), desk.prompts("spoken")
    about = f"{one.name}. {one.voice}. {' '.join(one.goals)}"
    described = f"{one.name}. {one.voice}"
    gender = strongest(described, _joined(words["gender"], tones["gender"])) or strongest(one.name, words["names"])
    return {
        "gender": gender,
        "age": strongest(described, words["age"]),
        "tones": set(counted(about, _joined(words["tone"], tones["tone"]))),
    }


def _joined(*lists: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for one in lists for name in one)
    return {name: [word for one in lists for word in one.get(name, ())] for name in names}


def _best(traits: Mapping[str, Any], offered: Sequence[Voice], taken: Sequence[Voice]) -> Voice:
    def merit(voice: Voice) -> float:
        score = _GRADE * max(0, _GRADES.find(voice.quality[:1] or "C"))
        if traits["gender"]:
            score += _GENDER if voice.gender == traits["gender"] else 0.0
        wanted = traits["age"] or "adult"
        score += _AGE if voice.age == wanted else _AGE / 2 if {voice.age, wanted} == {"child", "young"} else 0.0
        score += _TONE * len(traits["tones"] & set(voice.tone))
        score -= _TAKEN * sum(voice.name == other.name for other in taken)
        return score - _NEAR * sum(_alike(voice, other) for other in taken if other.name != voice.name)

    return max(offered, key=merit)


def _alike(one: Voice, other: Voice) -> bool:
    return one.gender == other.gender and bool(one.pitch and other.pitch) and abs(one.pitch - other.pitch) < _APART * one.pitch


def _blended(voice: Voice, offered: Sequence[Voice], used: set[str]) -> str:
    """A blend that nobody has yet, mostly of the voice that fits. Engines without blends give the voice again."""
    for share in (0.6, 0.75):
        for other in offered:
            if other.name != voice.name and other.engine == voice.engine and other.gender == voice.gender:
                name = f"{voice.name}*{share:g}+{other.name}*{1 - share:g}"
                if name not in used:
                    return name
    return voice.name
