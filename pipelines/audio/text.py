"""Text made speakable: markup and emoji taken out, the lexicon applied, Chinese numbers read out, sentences and scripts split.

Numbers, prices, times and units are written out by normal.py. This file knows nothing of phonemes or models.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping

from domain.errors import InputError, LimitError

#: About a quarter of an hour of speech. An article of 1,500 words fits.
SPEECH_MAX_CHARACTERS = 12_000

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
#: A word with the phonemes to say it by, as misaki and hibari read it: "[Xqz](/ˈpitɚ/)".
PRONOUNCED = re.compile(r"\[([^\]\n]+)\]\(/([^/()\n]+)/\)")
_CLEANING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"```[^\n]*\n?|`"), ""),
    (re.compile(r"!\[[^\]]*\]\([^)]*\)"), ""),
    (re.compile(r"\[([^\]]+)\]\([^)]*\)"), r"\1"),
    (re.compile(r"<br\s*/?>|</p>", re.IGNORECASE), "\n"),
    (re.compile(r"</?[A-Za-z][^<>]{0,200}>"), ""),
    (re.compile(r"https?://(?:www\.)?([^\s/?#)]+)[^\s)]*"), r"\1"),
    (re.compile(r"(?m)^\s{0,3}(?:#{1,6}|>|[-*+•])\s+"), ""),
    (re.compile(r"(\*{1,3}|_{1,3}|~~)(?=\S)(.+?)(?<=\S)\1(?!\w)"), r"\2"),
    (re.compile(r"(?m)^\s*(?:[-*_]\s*){3,}$"), ""),
    (re.compile(r"[#*_~^|\\]+(?!\d)"), " "),
)
_ENDINGS = re.compile(
    r"(?<=[。！？!?…；;])(?=[^\s”’」』）)。！？!?…])|(?<=[。！？!?…][”’」』）])(?=\S)"
    rf"|(?<=[{HAN}][.!?])\s+|(?<=[a-z0-9)\"”][.!?])\s+(?=[A-Z\"“(])"
)


def clean(text: str, *, field: str = "text") -> str:
    """Plain words with sentence punctuation and line breaks. Raises InputError when nothing speakable is left."""
    if len(text) > SPEECH_MAX_CHARACTERS:
        raise LimitError(
            "The text to speak has {count} characters; the most is {most}.",
            hint="Split it into several speech steps.",
            field=field,
            count=f"{len(text):,}",
            most=f"{SPEECH_MAX_CHARACTERS:,}",
        )
    plain = html.unescape(unicodedata.normalize("NFC", text)).replace("\r\n", "\n").replace("\r", "\n")
    for pattern, replacement in _CLEANING:
        plain = pattern.sub(replacement, plain)
    plain = "".join(_kept(character) for character in plain)
    plain = re.sub(r"[^\S\n]+", " ", plain)
    plain = "\n".join(line.strip() for line in plain.split("\n"))
    plain = re.sub(r"\n{2,}", "\n", plain).strip()
    if not any(character.isalnum() for character in plain):
        raise InputError("There is nothing to speak: the text has no words.", hint="Write at least one word.", field=field)
    return plain


def respell(text: str, lexicon: Mapping[str, str]) -> str:
    """Replace each whole word of the lexicon by its respelling, once, longest first. Case does not matter; Han needs no word edge.

    A respelling between slashes ("/ˈnoʊθwɪnd/") is phonemes: the word stays and carries them (PRONOUNCED).
    """
    words = {word.casefold(): spelling for word, spelling in lexicon.items() if word.strip()}
    if not words:
        return text
    options = []
    for word in sorted(words, key=len, reverse=True):
        edge_left = r"(?<![A-Za-z0-9])" if _is_word_edge(word[0]) else ""
        edge_right = r"(?![A-Za-z0-9])" if _is_word_edge(word[-1]) else ""
        options.append(edge_left + re.escape(word) + edge_right)
    return re.sub("|".join(options), lambda match: _spelled(match[0], words[match[0].casefold()]), text, flags=re.IGNORECASE)


def without_pronunciation(text: str) -> str:
    """The words themselves, where phonemes stand beside them."""
    return PRONOUNCED.sub(r"\1", text)


def _spelled(word: str, spelling: str) -> str:
    """A spelling between slashes is phonemes."""
    phonemes = spelling.strip()
    if len(phonemes) > 2 and phonemes[0] == phonemes[-1] == "/":
        return f"[{word}](/{re.sub(r'[/()]', '', phonemes)}/)"
    return spelling


def sentences(text: str) -> list[str]:
    """Sentences in order, for any text; purely English text is better split by hibari, which knows titles and initials."""
    pieces = [piece.strip() for line in text.split("\n") for piece in _ENDINGS.split(line)]
    return [piece for piece in pieces if any(character.isalnum() for character in piece)]


def has_han(text: str) -> bool:
    return re.search(f"[{HAN}]", text) is not None


def runs(text: str) -> list[tuple[str, str]]:
    """Split at changes of script: ("zh", piece) or ("en", piece). Punctuation stays with what it follows."""
    found: list[tuple[str, str]] = []
    for piece in re.findall(rf"[{HAN}][^A-Za-z]*|[^{HAN}]+", text):
        language = "zh" if re.match(f"[{HAN}]", piece) else "en"
        if found and (found[-1][0] == language or not any(character.isalnum() for character in piece)):
            found[-1] = (found[-1][0], found[-1][1] + piece)
        else:
            found.append((language, piece))
    return found


def require_readable(text: str, languages: frozenset[str], engine: str) -> None:
    """Raise InputError when more than a fifth of the letters are of a script this engine cannot read."""
    letters = [character for character in text if character.isalpha()]
    foreign = [character for character in letters if not _reads(character, languages)]
    if letters and len(foreign) * 5 > len(letters):
        raise InputError(
            "{engine} cannot read the script of {letters}.",
            hint="It reads {known}; choose another voice or translate the text.",
            field="text",
            engine=engine,
            letters=repr("".join(dict.fromkeys(foreign))[:8]),
            known=sorted(languages),
        )


def count_words(text: str) -> int:
    """Words as spoken: each Han character counts as one, each run of other letters or digits as one."""
    return len(re.findall(rf"[{HAN}]|[^\W_{HAN}]+(?:['’.,-][^\W_{HAN}]+)*", text))


def _kept(character: str) -> str:
    if character == "\n":
        return character
    if character in "“”‘’'\"—–-…°℃℉%$€£¥￥+&/@=":
        return character
    if "\uff10" <= character <= "\uff5a" and character.isalnum():
        return chr(ord(character) - 0xFEE0)
    category = unicodedata.category(character)
    # So holds emoji and dingbats, Sk the skin tones, Mn/Me what joins them, C* controls, joiners and private use.
    if category in ("So", "Sk", "Me", "Cc", "Cf", "Co", "Cs", "Cn"):
        return " " if category == "Cc" else ""
    return "" if "\ufe00" <= character <= "\ufe0f" else character


def _is_word_edge(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _reads(character: str, languages: frozenset[str]) -> bool:
    if re.match(f"[{HAN}]", character):
        return "zh" in languages
    return "LATIN" in unicodedata.name(character, "")
