"""Work on a given text: questions answered with the sentence they stand in, summaries, keywords, extraction, classification.

What is said about a text is checked against it by code: quotes are its sentences, keywords and findings stand in it word for word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from agents.jobs.calls import Calls, listed, same, texts
from agents.jobs.given import place
from agents.jobs.kinds import ChatJob
from agents.jobs.limits import Limits, words_in
from agents.jobs.passages import pieces, sections, sentences, terms, tokens_in
from agents.lexicon import CJK
from domain.value import JsonValue

#: Tokens of passages that one question is answered from.
_EVIDENCE = 1200
_PASSAGE = 160
_TRIES = 3

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"https?://[^\s<>\"'，。）)]+[^\s<>\"'，。）).,;:!?]|www\.[\w.-]+\.\w{2,}(?:/\S*)?")
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d ()/-]{5,}\d(?![\w.])")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}\.?(?:,? \d{{4}})?\b"
    rf"|\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b"
    r"|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|(?:\d{4}年)?\d{1,2}月\d{1,2}[日号]",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"[$€£¥]\s?\d[\d,]*(?:\.\d+)?|\b\d[\d,]*(?:\.\d+)?\s?(?:euros?|dollars?|pounds?|usd|eur|yuan)\b|\d[\d,.]*(?:元|美元|欧元|块)",
    re.IGNORECASE,
)
#: What has a shape is found by its shape, not by a model.
_SHAPES = (
    (re.compile(r"e-?mail|邮箱|邮件地址"), _EMAIL),
    (re.compile(r"\blinks?\b|\burls?\b|链接|网址"), _LINK),
    (re.compile(r"\bphone|telephone|电话|手机号"), _PHONE),
    (re.compile(r"\bdates?\b|日期"), _DATE),
    (re.compile(r"\bprices?\b|\bamounts?\b|\bcosts?\b|价格|金额"), _PRICE),
)
_BY_SECTION = re.compile(
    r"\b(?:sections?|chapters?|parts?) by (?:sections?|chapters?|parts?)\b|\b(?:each|every|per) (?:section|chapter|part)\b"
    r"|逐[章节段]|[按分]章节?|每一?[章节]"
)
_QUOTE = re.compile(r"\W*(?:quote|cite|引用|摘抄)")
_NUMERIC = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|half|no|none|both)\b|[一二两三四五六七八九十百千万半]"
)
_TIME = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|midnight|dawn|dusk|morning|afternoon|evening|night|spring|summer|autumn|fall|winter|today|tomorrow|yesterday|day|week|month|year|century|before|after|when|until|since|\w+day|january|february|march|april|may|june|july|august|september|october|november|december)s?\b|[年月日号点时周早晚午春夏秋冬天]"
)
_CAPITAL = re.compile(r"(?<=[\w,;:] )[A-Z][a-z]+")
_LABELS = re.compile(
    r"(?:\b(?:is|are|was) (?:this|that|it|the|these)\b(?: (?:review|text|message|sentence|comment|tweet|ticket|email|mail|one))?"
    r"|\b(?:as|into|by|between|of)|[:：])\s+(.+?)\s*[.:：?？]*$",
    re.IGNORECASE,
)
_LABELS_ZH = re.compile(
    r"(?:是|属于|分成|分为|归为|分类为|标为)([\u4e00-\u9fff、，]+?)(?:还是|或者|或|和|与)([\u4e00-\u9fff]+?)[？?：:。]*$"
)
_LABEL_BREAK = re.compile(r"\s*,\s*(?:or |and )?|\s+(?:or|and|versus|vs\.?)\s+|[、，]")
_SENTIMENTS = {"en": ("positive", "negative", "neutral"), "zh": ("正面", "负面", "中性")}
_LINES = re.compile(r"(?:^|\s)(?:\d{1,2}[.)]|[-*•])\s+(?=\S)")


def question(job: ChatJob, calls: Calls) -> Iterator[str]:
    """The answer, the sentence it stands in and where that is, or that the text does not say. A long text is searched first."""
    evidence = list(_lines(job.text, 0))
    read: list[tuple[int, int]] = []
    if tokens_in(job.text) > _EVIDENCE:
        parts = pieces(job.text, _PASSAGE)
        yield calls.say("passages", n=len(parts))
        starts = list(accumulate((len(part) for part in parts), initial=0))
        best = sorted(calls.finder.best(job.ask, parts, min(_EVIDENCE, calls.room("question", 260)) // _PASSAGE))
        read = [(starts[index], starts[index + 1]) for index in best]
        evidence = [line for start, end in read for line in _lines(job.text[start:end], start)]
        evidence = list({line: (line, at) for line, at in reversed(evidence)}.values())[::-1]
    found_answer = _answered(job.ask, [line for line, _ in evidence], calls)
    if found_answer is None:
        yield calls.say("not_said")
    else:
        answer, quote = found_answer
        yield calls.say("quote", answer=answer, quote=quote) if not same(answer, quote) else f"> {quote}"
        if job.given or read:
            at = next((at for line, at in evidence if line == quote), 0)
            yield f"\n>\n> — {place(job.text, job.given, at, at + len(quote), calls.say)}"
    if read:
        spans = _merged(read)
        yield calls.say("read_for", places="; ".join(place(job.text, job.given, start, end, calls.say) for start, end in spans))


def _lines(text: str, start: int) -> Iterator[tuple[str, int]]:
    """The sentences of a text with the places they begin at, counted from `start`."""
    for sentence in sentences(text):
        if sentence.strip():
            yield sentence.strip(), start + len(sentence) - len(sentence.lstrip())
        start += len(sentence)


def _merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _answered(ask: str, evidence: Sequence[str], calls: Calls) -> tuple[str, str] | None:
    if not evidence:
        return None
    numbered = "\n".join(f"[{n}] {line}" for n, line in enumerate(evidence, 1))
    quoting = bool(_QUOTE.match(ask.strip().lower()))
    schema: dict[str, JsonValue] = {
        "sentence": {"type": "integer", "minimum": 1 if quoting else 0, "maximum": len(evidence)},
        "answer": {"type": "string", "maxLength": 160},
    }
    said = calls.form("question", "question", "question", schema, max_tokens=260, text=numbered, ask=ask)
    index = said.get("sentence", 0)
    answer = " ".join(str(said.get("answer", "")).split())
    if not isinstance(index, int) or not 1 <= index <= len(evidence) or not (answer or quoting):
        return None
    quote = evidence[index - 1]
    if quoting:
        return quote, quote
    if not _could_answer(ask, quote) or not _stands(answer, " ".join(evidence) + ask):
        return None
    states = calls.form("supports", "question", "supports", {"states": {"enum": ["yes", "no"]}}, sentence=quote, ask=ask)
    return (answer, quote) if states.get("states") != "no" else None


def _could_answer(ask: str, quote: str) -> bool:
    """Whether a sentence holds the sort of thing a question asks for: a number for how many, a time for when, a name for a name."""
    folded = ask.lower()
    if re.search(r"\bhow (?:many|much)\b|多少|几(?:个|本|人|元)|\bprice\b|\bcosts?\b", folded):
        return bool(_NUMERIC.search(quote.lower()))
    if re.search(r"\bwhen\b|\b(?:which|what) (?:year|day|month|time|date)\b|几点|哪一?年|什么时候", folded):
        return bool(_TIME.search(quote.lower()) and (not re.search(r"\byear\b|哪一?年", folded) or re.search(r"\d", quote)))
    if re.search(r"\bname of (?:the|his|her|its|their)\b|\bcalled\b|\bwhat(?: is|'s) \w+ name\b", folded):
        return bool(_CAPITAL.search(quote))
    return True


def _stands(answer: str, text: str) -> bool:
    """Whether the numbers and half of the words of an answer stand in the text (or the question)."""
    folded = text.lower()
    if any(n not in folded for n in re.findall(r"\d+", answer)):
        return False
    words, known = terms(answer), set(terms(text))
    return not words or sum(w in known for w in words) * 2 >= len(words)


def summary(job: ChatJob, calls: Calls) -> Iterator[str]:
    """A summary within the asked form. A long text is summarised section by section, then the notes together."""
    limits = Limits.read(job.ask)
    room = min(calls.room("summary"), 1800)
    if _BY_SECTION.search(job.ask.lower()) and len(chapters := sections(job.text)) > 1:
        yield from _by_section(chapters, calls, room)
        return
    found = sections(job.text, room)
    text = job.text
    parts = [part for title, body in found for part in _titled(title, body, room)]
    if len(parts) > 1:
        yield calls.say("parts", n=len(parts))
    while len(parts) > 1:  # each round is at most a third as long, so this ends
        notes = [" ".join(_points(part, calls, f"part-{n}", 2)) for n, part in enumerate(parts)]
        text = "\n".join(dict.fromkeys(notes))
        shorter = pieces(text, room)
        parts = shorter if len(shorter) < len(parts) else shorter[:1]
    if limits.bullets:
        points = _points(text, calls, "points", limits.bullets, exact=True)
        yield "\n".join(f"- {point}" for point in points)
        return
    yield from _within(text, limits, calls)


def _titled(title: str, body: str, room: int) -> list[str]:
    """A section in pieces that fit, each with its heading, so that a piece from the middle is known for what it is."""
    parts = pieces(body, room)
    return [part if n == 0 or not title else f"{title}\n{part}" for n, part in enumerate(parts)]


def _by_section(found: Sequence[tuple[str, str]], calls: Calls, room: int) -> Iterator[str]:
    """One note per section under its heading, each shown as soon as it is written."""
    for number, (title, body) in enumerate(found, 1):
        notes: list[str] = []
        for n, part in enumerate(pieces(body, room)):
            notes += _points(part, calls, f"section-{number}-{n}", 2)
        if len(notes) > 3:
            notes = _points("\n".join(notes)[: 3 * room], calls, f"section-{number}", 2)
        yield ("\n\n" if number > 1 else "") + f"**{title or number}**\n{' '.join(notes)}"


def _within(text: str, limits: Limits, calls: Calls) -> Iterator[str]:
    """One summary of so many sentences and at most so many words; what stays too long is said to be so."""
    count = limits.sentences or (1 if limits.words and limits.words <= 40 else 2)
    most = limits.words
    best = ""
    for turn in range(_TRIES):
        wanted = max(5, round(most * (0.8 - 0.2 * turn))) if most else None
        said = " ".join(_points(text, calls, f"summary-{turn}", count, words=wanted))
        if not best or words_in(said) < words_in(best):
            best = said
        if said and (most is None or words_in(best) <= most):
            break
    yield best
    if most is not None and words_in(best) > most:
        yield calls.say("over", n=words_in(best), most=most)


def _points(text: str, calls: Calls, label: str, count: int, *, exact: bool = False, words: int | None = None) -> list[str]:
    """`count` sentences that say what matters. A sentence with a number that is not in the text is left out."""
    zh = calls.told == "zh"
    form = (f"{count}句话" if zh else f"in {count} short sentence{'s' if count > 1 else ''}") + (
        (f"，共不超过{words}个字" if zh else f" of at most {max(4, words // count)} words") if words else ""
    )
    schema: dict[str, JsonValue] = {"sentences": texts(count, 60 + 9 * (words or 30), count if exact else 1)}
    said = calls.form("summary", "summary", label, schema, max_tokens=500, text=text, form=form, language=calls.name())
    folded = text.replace(",", "")
    return [s for s in listed(said.get("sentences")) if all(n in folded for n in re.findall(r"\d+", s.replace(",", "")))]


def keywords(job: ChatJob, calls: Calls) -> Iterator[str]:
    """So many words that stand in the text, the model's choice first, then the most frequent ones."""
    count = min(20, Limits.read(job.ask).items or 5)
    text = pieces(job.text, min(calls.room("keywords"), 1800))[0]
    said = calls.form("keywords", "keywords", "keywords", {"keywords": texts(count + 3, 30)}, max_tokens=400, text=text, count=count)
    folded = job.text.casefold()
    found = [word for word in listed(said.get("keywords")) if word.casefold() in folded][:count]
    for word, _ in Counter(w for w in re.findall(r"[a-zA-Z]{5,}|[\u4e00-\u9fff]{2,4}", job.text)).most_common():
        if len(found) >= count:
            break
        if not any(word.casefold() in known.casefold() or known.casefold() in word.casefold() for known in found):
            found.append(word)
    yield "\n".join(f"- {word}" for word in found)


def extraction(job: ChatJob, calls: Calls) -> Iterator[str]:
    """What was asked for, word for word. Addresses, links, dates and prices are found by their shape; the rest by the model, checked."""
    folded = job.ask.lower()
    shapes = [shape for words, shape in _SHAPES if words.search(folded)]
    found: list[str] = []
    if shapes:
        for shape in shapes:
            found += [m.group().strip() for m in shape.finditer(job.text)]
    else:
        for number, part in enumerate(pieces(job.text, min(calls.room("extraction"), 1200))):
            said = calls.form(
                "extraction", "extraction", f"part-{number}", {"found": texts(20, 60, 0)}, max_tokens=600, text=part, ask=job.ask
            )
            found += [item for item in listed(said.get("found")) if item.casefold() in part.casefold()]
    found = list(dict.fromkeys(found))
    yield "\n".join(f"- {item}" for item in found) if found else calls.say("none_found")


def classification(job: ChatJob, calls: Calls) -> Iterator[str]:
    """One label per text, out of those the person named; several texts give a list."""
    labels = labels_of(job.ask)
    if len(labels) < 2:
        if not re.search(r"sentiment|情感|情绪|positive|negative", job.ask.lower()):
            yield calls.say("no_labels")
            return
        labels = list(_SENTIMENTS[calls.told])
    items = [piece.strip() for piece in _LINES.split(job.text) if piece.strip()]
    if len(items) < 2 and re.search(r"\b(?:sort|group|these|each)\b|(?:下面|以下|这些)的?", job.ask.lower()):
        items = [piece.strip(" .。") for piece in re.split(r"\s*[,;\n、，；]\s*", job.text) if piece.strip(" .。")]
    if len(items) < 2:
        yield _label(job.ask, job.text, labels, calls)
        return
    if re.search(r"\b(?:sort|group)\b|分成|归类", job.ask.lower()):
        by_label: dict[str, list[str]] = {label: [] for label in labels}
        for item in items:
            by_label[_label(job.ask, item, labels, calls)].append(item)
        comma = "、" if calls.told == "zh" else ", "
        yield "\n".join(f"- **{label}**: {comma.join(members) or '—'}" for label, members in by_label.items())
        return
    yield "\n".join(f"{n}. {_label(job.ask, item, labels, calls)} — {item}" for n, item in enumerate(items, 1))


def labels_of(ask: str) -> list[str]:
    """The labels an instruction offers: "as sport, politics or science", "是正面还是负面"."""
    text = ask.strip().replace("…", "").strip(' "“”')
    zh = _LABELS_ZH.search(text.replace(" ", "")) if CJK.search(text) else None
    if zh is not None:
        return [label for label in [*_LABEL_BREAK.split(zh.group(1)), zh.group(2)] if label]
    match = _LABELS.search(text)
    if match is None:
        return []
    found = [label.strip(" .:?\"'") for label in _LABEL_BREAK.split(match.group(1))]
    labels = list(dict.fromkeys(label for label in found if 0 < len(label) <= 30))
    return labels if len(labels) > 1 else []


def _label(ask: str, text: str, labels: Sequence[str], calls: Calls) -> str:
    part = pieces(text, min(calls.room("classification"), 900))[0]
    said = calls.form("classification", "classification", f"label-{part[:40]}", {"label": {"enum": list(labels)}}, ask=ask, text=part)
    label = str(said.get("label"))
    return label if label in labels else labels[0]
