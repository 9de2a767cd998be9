"""Other words for a given text: translation, rewriting, correction; and free writing.

Language, length, and what must stay in a text (numbers, links, placeholders) are held to by code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.jobs.calls import Calls, same
from agents.jobs.kinds import ChatJob
from agents.jobs.limits import Limits, words_in
from agents.jobs.passages import pieces, tokens_in
from agents.lexicon import language_of, side

_TRIES = 3
_KEPT = re.compile(r"\{[\w.]+\}|<[^<>\s][^<>]*>|https?://\S+[\w/]|[\w.+-]+@[\w-]+\.[\w.-]+\w|\d+(?:[.,:]\d+)*")
_SHORTER = re.compile(r"\b(?:short(?:er|en)?|briefer|concise|tighter|condense)\b|短|精简|简短")
_LONGER = re.compile(r"\b(?:longer|expand|lengthen|more detail)\b|长一|更长|扩写|详细")


def translation(job: ChatJob, calls: Calls) -> Iterator[str]:
    """A long text is translated piece by piece, in order. What must stay and is missing is named under the translation."""
    source = language_of(job.text)
    target = job.target or ("en" if side(source) == "zh" else "zh" if calls.told == "zh" else "")
    if not target:
        yield calls.say("no_language")
        return
    parts = pieces(job.text, min(calls.room("translation") // 3, 700))
    done: list[str] = []
    for number, part in enumerate(parts):
        label = f"translation-{number}"
        said = _translated(part, target, job, calls, label)
        gap = "\n\n" if part.endswith("\n\n") else "\n" if part.endswith("\n") else "" if side(target) == "zh" else " "
        done.append(said + gap)
        yield said if number == len(parts) - 1 else said + gap
    kept = [k for k in dict.fromkeys(_KEPT.findall(job.text)) if k not in "".join(done)]
    # A number may be written as a word in the other language; names of places may not be.
    kept = [k for k in kept if not (k.isdigit() and len(k) <= 2)]
    if kept:
        yield calls.say("kept_not", what=", ".join(kept[:6]))


def _translated(part: str, target: str, job: ChatJob, calls: Calls, label: str) -> str:
    best = ""
    for turn in range(_TRIES):
        tokens = 2 * tokens_in(part) + 60
        name = calls.languages.name(target, "en")
        said = calls.text("translation", "translation", f"{label}-{turn}", max_tokens=tokens, text=part.strip(), language=name)
        right_script = (language_of(said, "en") == "zh") == (side(target) == "zh")
        fresh = not any(same(said, old) for old in job.earlier)
        if said and right_script and not best:
            best = said
        if said and right_script and fresh and all(k in said for k in _KEPT.findall(part)):
            return said
        if (
            not job.earlier
            and calls.sampling.of("translation").temperature == 0
            and not calls.again
            and turn == 0
            and said
            and right_script
        ):
            break  # greedy would only say the same again
        best = best or said
    return best


def rewriting(job: ChatJob, calls: Calls) -> Iterator[str]:
    """The text in other words; shorter where shorter was asked for, in the language of the text unless another is named."""
    yield from _reworded(job, calls, "rewriting")


def correction(job: ChatJob, calls: Calls) -> Iterator[str]:
    """Spelling and grammar put right, piece by piece, nothing else changed."""
    parts = pieces(job.text, min(calls.room("correction") // 3, 700))
    for number, part in enumerate(parts):
        said = calls.text("correction", "correction", f"correction-{number}", max_tokens=2 * tokens_in(part) + 40, text=part.strip())
        gap = part[len(part.rstrip()) :]
        yield said if number == len(parts) - 1 else said + (gap or " ")


def _reworded(job: ChatJob, calls: Calls, task: str) -> Iterator[str]:
    limits = Limits.read(job.ask)
    most = limits.words
    if tokens_in(job.text) > calls.room("rewriting") // 3:
        for number, part in enumerate(pieces(job.text, min(calls.room("rewriting") // 3, 700))):
            yield _once(job, part, calls, f"{task}-{number}", "") + (part[len(part.rstrip()) :] or " ")
        return
    length = words_in(job.text)
    shorter, longer = bool(_SHORTER.search(job.ask.lower())), bool(_LONGER.search(job.ask.lower()))
    if most is None and shorter:
        most = max(3, round(length * 0.75))
    best = ""
    for turn in range(_TRIES):
        wanted = max(3, round((most or 0) * (0.85 - 0.2 * turn))) if most else 0
        zh = calls.told == "zh"
        form = (f"，不超过{wanted}个字" if zh else f", at most {wanted} words") if wanted else ""
        said = _once(job, job.text, calls, f"{task}-{turn}", form)
        fresh = said and not same(said, job.text) and not any(same(said, old) for old in job.earlier)
        if said and (not best or (most and words_in(said) < words_in(best)) or (fresh and same(best, job.text))):
            best = said
        if fresh and (most is None or words_in(said) <= most) and (not longer or words_in(said) > length):
            best = said
            break
    yield best
    if limits.words and words_in(best) > limits.words:
        yield calls.say("over", n=words_in(best), most=limits.words)


def _once(job: ChatJob, text: str, calls: Calls, label: str, form: str) -> str:
    tokens = min(3 * tokens_in(text) + 80, calls.room("rewriting"))
    name = calls.name(language_of(text))
    ask = job.ask.replace("…", "").strip(" :：")
    if job.earlier:
        ask += (" 不要再写：" if calls.told == "zh" else " Not again: ") + " | ".join(e[:160] for e in job.earlier[-3:])
    return calls.text("rewriting", "rewriting", label, max_tokens=tokens, ask=ask, text=text.strip(), language=name, form=form)


def writing(job: ChatJob, calls: Calls) -> Iterator[str]:
    """Free writing: a line, a note. Asked again, what was said before is named and refused."""
    best = ""
    for turn in range(_TRIES):
        form = "".join(f"\n{'不要再写' if calls.told == 'zh' else 'Not again'}: {e[:200]}" for e in job.earlier[-3:])
        best = calls.text("writing", "writing", f"writing-{turn}", ask=job.ask, form=form)
        if best and not any(same(best, old) for old in job.earlier):
            break
    yield best
