"""How long a text is, as the place it is meant for counts: characters, X's weights, SMS septets, double width, words, lines, bytes. Pure.

Knows counting rules. Does not know channels or limits; domain/channel.py ties the two together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import StrEnum

from domain.value import Value


class CountingRule(StrEnum):
    """characters: Unicode code points. graphemes: what a reader sees as one sign. utf16: UTF-16 code units.

    weighted: X's count (twitter-text, configuration 3). sms: septets of GSM-7, UCS-2 units as 16/7 septets each, so that one
    message holds 160 either way. width: East Asian wide signs are two. words: as editors count, a CJK sign is one. lines: what
    line breaks part. bytes: of UTF-8. gbk_bytes: of GB 18030, where a Chinese character is two.
    """

    CHARACTERS = "characters"
    GRAPHEMES = "graphemes"
    UTF16 = "utf16"
    WEIGHTED = "weighted"
    SMS = "sms"
    WIDTH = "width"
    WORDS = "words"
    LINES = "lines"
    BYTES = "bytes"
    GBK_BYTES = "gbk_bytes"


class Sms(Value):
    """encoding "GSM-7" or "UCS-2". units: septets or UTF-16 code units. segments: messages that are sent and paid; 0 for an empty text."""

    encoding: str
    units: int
    segments: int


#: One unit of a text: it is counted whole or not at all. (start, end, weight), start and end in code points.
Unit = tuple[int, int, int]

#: Septets of one SMS, and of one part of several (3GPP TS 23.040: a header of 6 octets takes the rest). UCS-2: 16-bit units.
_SMS_ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
#: GSM 03.38: the basic alphabet (the escape to the extension table left out), and the signs that need the escape.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED = frozenset("\f^{}\\[~]|€")

#: Code points that weigh one on X (twitter-text, config/v3.json: weight 100 of scale 100); all others weigh two.
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
#: What X shows of any link (transformedURLLength).
_LINK = 23
#: twitter-text knows every top-level domain; for a link without a scheme this knows the usual ones.
_DOMAINS = (
    "com|org|net|edu|gov|int|info|biz|app|dev|shop|store|blog|news|online|site|tech|cloud|art|agency|studio|design|io|ai|co|me|tv|fm|ly|gl|"
    "eu|uk|us|ca|au|nz|de|fr|es|it|nl|be|ch|at|se|no|dk|fi|pl|pt|ie|cz|gr|ru|ua|cn|jp|kr|tw|hk|sg|in|id|th|vn|my|ph|br|mx|ar|cl|za|tr|il|ae"
)
_URL = re.compile(
    rf"https?://(?:[^\s/?#()<>\"“”，。]+\.)+[^\W\d_]{{2,}}(?::\d+)?(?:[/?#][^\s<>\"“”，。！？、）]*)?"
    rf"|(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:{_DOMAINS})(?![\w.-]*\w)(?:/[^\s<>\"“”，。！？、）]*)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff]")
_LINE = re.compile(r"\r\n|[\n\r\u2028\u2029]")


def count(text: str, rule: CountingRule = CountingRule.CHARACTERS) -> int:
    """How long `text` is by `rule`; 0 for an empty text."""
    return sum(weight for _, _, weight in units(text, rule))


def overflow(text: str, rule: CountingRule, limit: int) -> int:
    """Where the part begins that does not fit into `limit`: an index into `text`, its length when all fits. No unit is split."""
    total = 0
    for start, _, weight in units(text, rule):
        total += weight
        if total > limit:
            return start
    return len(text)


def characters_within(rule: CountingRule, limit: int, wide: bool) -> int:
    """About how many characters of ordinary prose fill `limit`; wide: of Chinese. For planning a text, never for judging one."""
    per_character = {
        CountingRule.WEIGHTED: 2.0 if wide else 1.0,
        CountingRule.SMS: 16 / 7 if wide else 1.0,
        CountingRule.WIDTH: 2.0 if wide else 1.0,
        CountingRule.BYTES: 3.0 if wide else 1.0,
        CountingRule.GBK_BYTES: 2.0 if wide else 1.0,
        CountingRule.WORDS: 1.0 if wide else 1 / 6.3,
        CountingRule.LINES: 1 / 20 if wide else 1 / 40,
    }
    return max(1, int(limit / per_character.get(rule, 1.0) + 1e-9))


def units(text: str, rule: CountingRule) -> list[Unit]:
    """The units of a text in order, each with its weight. Their weights add up to `count`."""
    match rule:
        case CountingRule.CHARACTERS:
            return [(at, at + 1, 1) for at in range(len(text))]
        case CountingRule.GRAPHEMES:
            return [(start, end, 1) for start, end in graphemes(text)]
        case CountingRule.UTF16:
            return [(at, at + 1, 2 if ord(sign) > 0xFFFF else 1) for at, sign in enumerate(text)]
        case CountingRule.WIDTH:
            return [(at, at + 1, 2 if unicodedata.east_asian_width(sign) in "WF" else 1) for at, sign in enumerate(text)]
        case CountingRule.BYTES:
            return [(at, at + 1, len(sign.encode("utf-8", "surrogatepass"))) for at, sign in enumerate(text)]
        case CountingRule.GBK_BYTES:
            return [(at, at + 1, len(sign.encode("gb18030", "replace"))) for at, sign in enumerate(text)]
        case CountingRule.WEIGHTED:
            return list(_weighted(text))
        case CountingRule.SMS:
            return _sms_units(text)
        case CountingRule.WORDS:
            return list(_word_units(text))
        case CountingRule.LINES:
            starts = [0, *(match.end() for match in _LINE.finditer(text))]
            return [(start, end, 1) for start, end in zip(starts, [*starts[1:], len(text)], strict=True)] if text else []


def sms(text: str) -> Sms:
    """What a text is as SMS. An escaped pair of septets and a surrogate pair never part over two messages."""
    encoding, weights = _sms_encoded(text)
    total = sum(weights)
    alone, part = _SMS_ROOM[encoding]
    if total <= alone:
        return Sms(encoding=encoding, units=total, segments=1 if text else 0)
    segments, used = 1, 0
    for weight in weights:
        if used + weight > part:
            segments, used = segments + 1, 0
        used += weight
    return Sms(encoding=encoding, units=total, segments=segments)


def graphemes(text: str) -> list[tuple[int, int]]:
    """(start, end) of every sign a reader sees as one.

    The rules of Unicode TR29 that texts meet: combining marks, joiners and emoji sequences, flags, Hangul syllables, CR LF. Indic
    conjuncts and prepended signs are not joined.
    """
    spans: list[tuple[int, int]] = []
    for at, sign in enumerate(text):
        if spans and _joins(text[spans[-1][0] : at], sign):
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans


def _joins(before: str, sign: str) -> bool:
    last, code = before[-1], ord(sign)
    if last == "\r" and sign == "\n":
        return True
    if unicodedata.category(last) in ("Cc", "Zl", "Zp") or unicodedata.category(sign) in ("Cc", "Zl", "Zp"):
        return False
    if sign == "\u200d" or unicodedata.category(sign) in ("Mn", "Me", "Mc") or 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:
        return True
    if last == "\u200d":
        return _pictograph(code) and any(_pictograph(ord(c)) for c in before)
    if 0x1F1E6 <= code <= 0x1F1FF:
        return len(before) == 1 and 0x1F1E6 <= ord(last) <= 0x1F1FF
    return _hangul(ord(last), code)


def _hangul(last: int, code: int) -> bool:
    lead, vowel, tail = 0x1100 <= last <= 0x115F, 0x1160 <= last <= 0x11A7, 0x11A8 <= last <= 0x11FF
    syllable, open_syllable = 0xAC00 <= last <= 0xD7A3, 0xAC00 <= last <= 0xD7A3 and (last - 0xAC00) % 28 == 0
    if lead:
        return 0x1100 <= code <= 0x11A7 or 0xAC00 <= code <= 0xD7A3
    if vowel or open_syllable:
        return 0x1160 <= code <= 0x11FF
    return (tail or syllable) and 0x11A8 <= code <= 0x11FF


def _pictograph(code: int) -> bool:
    """Whether an emoji may begin or go on with this code point (the blocks that hold Extended_Pictographic)."""
    return (
        0x1F000 <= code <= 0x1FAFF or 0x2190 <= code <= 0x2BFF or code in (0x00A9, 0x00AE, 0x203C, 0x2049, 0x2122, 0x2139, 0x3030, 0x303D)
    )


def emojis(text: str) -> list[tuple[int, int]]:
    """(start, end) of every emoji: a picture sign above the letters, or one a selector, modifier or keycap turns into one."""
    found = []
    for start, end in graphemes(text):
        sign = text[start:end]
        first = ord(sign[0])
        pictured = 0x1F000 <= first <= 0x1FAFF or 0x2600 <= first <= 0x27BF or (_pictograph(first) and "\ufe0f" in sign)
        if pictured or sign.endswith("\u20e3"):
            found.append((start, end))
    return found


def _weighted(text: str) -> Iterator[Unit]:
    """X: a link weighs 23, an emoji two whatever it is made of, another sign by its code points after NFC."""
    at = 0
    for link in _URL.finditer(text):
        yield from _weighted_signs(text, at, link.start())
        yield link.start(), link.end(), _LINK
        at = link.end()
    yield from _weighted_signs(text, at, len(text))


def _weighted_signs(text: str, start: int, end: int) -> Iterator[Unit]:
    part = text[start:end]
    pictures = set(emojis(part))
    for begin, stop in graphemes(part):
        signs = unicodedata.normalize("NFC", part[begin:stop])
        weight = 2 if (begin, stop) in pictures else sum(1 if any(a <= ord(c) <= b for a, b in _LIGHT) else 2 for c in signs)
        yield start + begin, start + stop, weight


def _sms_encoded(text: str) -> tuple[str, list[int]]:
    """The encoding a text needs, and the units each of its code points takes in it."""
    if all(sign in _GSM or sign in _GSM_ESCAPED for sign in text):
        return "GSM-7", [2 if sign in _GSM_ESCAPED else 1 for sign in text]
    return "UCS-2", [2 if ord(sign) > 0xFFFF else 1 for sign in text]


def _sms_units(text: str) -> list[Unit]:
    encoding, weights = _sms_encoded(text)
    found: list[Unit] = []
    total, before = 0, 0
    for at, weight in enumerate(weights):
        total += weight
        so_far = total if encoding == "GSM-7" else total * 16 // 7
        found.append((at, at + 1, so_far - before))
        before = so_far
    return found


def _word_units(text: str) -> Iterator[Unit]:
    for match in _WORD.finditer(text):
        # A run of CJK signs is one match of letters: every sign counts, the Latin words between them too.
        at = match.start()
        for sign in _CJK.finditer(text, match.start(), match.end()):
            if at < sign.start():
                yield at, sign.start(), 1
            yield sign.start(), sign.end(), 1
            at = sign.end()
        if at < match.end():
            yield at, match.end(), 1
