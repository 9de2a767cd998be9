"""Subtitles of a transcript: cues of readable length with their times, as SRT and WebVTT. Pure.

Sources: WebVTT (W3C, 2019); SubRip as players read it. Two lines of 42 characters (Netflix timed text style guide), 21 for Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.audio import subtitles
from pipelines.audio.recognition import SpokenWord, Transcript
from pipelines.audio.subtitles import Caption
from pipelines.audio.text import has_han

#: Characters of one cue, of a line of it, seconds it may stay, and a pause that ends it.
_LINE, _LINE_HAN, _LINES = 42, 21, 2
_LONGEST, _SHORTEST, _PAUSE = 7.0, 0.8, 0.7
_ENDS = re.compile(r"[.!?。！？…][\"'”’」）)]*$")


def cues(transcript: Transcript) -> tuple[Caption, ...]:
    """In order and without overlap; none when nobody speaks. Without times of words the whole text is one cue."""
    if not transcript.text.strip():
        return ()
    if not transcript.words:
        return (Caption(0.0, transcript.seconds, (transcript.text.strip(),)),)
    joint = "" if transcript.language == "zh" or has_han(transcript.text) else " "
    width = _LINE if joint else _LINE_HAN
    groups = [group for group in _grouped(transcript.words, joint, width * _LINES) if _text(group, joint)]
    found: list[Caption] = []
    for number, group in enumerate(groups):
        latest = groups[number + 1][0].start if number + 1 < len(groups) else max(transcript.seconds, group[-1].end)
        end = max(group[-1].end, min(group[0].start + _SHORTEST, latest))
        start = max(group[0].start, found[-1].end if found else 0.0)
        found.append(Caption(round(start, 3), round(max(end, start + 0.001), 3), _wrapped(_text(group, joint), width, joint)))
    return tuple(found)


def srt(found: Sequence[Caption]) -> str:
    """With a blank line after the last one too."""
    return subtitles.srt(found) + ("\n" if found else "")


def vtt(found: Sequence[Caption]) -> str:
    return subtitles.vtt(found) + ("\n" if found else "")


def _grouped(words: Sequence[SpokenWord], joint: str, most: int) -> list[list[SpokenWord]]:
    groups: list[list[SpokenWord]] = []
    for word in words:
        last = groups[-1] if groups else None
        full = last is not None and (
            len(_text([*last, word], joint)) > most
            or word.end - last[0].start > _LONGEST
            or word.start - last[-1].end > _PAUSE
            or _ENDS.search(last[-1].text) is not None
        )
        if last is None or full:
            groups.append([word])
        else:
            last.append(word)
    return groups


def _text(words: Sequence[SpokenWord], joint: str) -> str:
    return joint.join(word.text for word in words).strip()


def _wrapped(text: str, width: int, joint: str) -> tuple[str, ...]:
    """Over two lines where one is too short, cut at a blank near the middle."""
    if len(text) <= width:
        return (text,)
    middle = (len(text) + 1) // 2
    places = [match.start() for match in re.finditer(" ", text)] if joint else list(range(1, len(text)))
    if not places:
        return (text,)
    cut = min(places, key=lambda place: abs(place - middle))
    return text[:cut].rstrip(), text[cut:].lstrip()
