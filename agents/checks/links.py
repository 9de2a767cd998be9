"""Addresses that cannot work: reserved and filler hosts, broken schemes, nothing behind the scheme, empty links. Pure: it opens none."""

from __future__ import annotations

import re

from agents.checks.words import LinkWords
from domain.finding import Finding, Severity

_CHARS = r"[^\s<>\"“”\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"
_LINK = re.compile(rf"(?P<scheme>(?<![A-Za-z])h?t{{1,3}}ps?[:;]?/{{1,3}}|(?<![A-Za-z])https?:)(?P<rest>{_CHARS}*)", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w@/.])(?:www\.|localhost\b){_CHARS}*|www\.[\u3400-\u9fff]+\.[a-z]{{2,}}", re.IGNORECASE)
_PARTED = re.compile(r"https?://[\w-]+(?:\.[\w-]+)* \.[a-z]{2,}\b|https?://[\w-]+\. [a-z]{2,4}\b(?=[/.,]|\s|$)", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@(?P<host>[\w-]+(?:\.[\w-]+)+)")
_EMPTY = re.compile(r"\[[^\]\n]*\]\(\s*#?\s*\)")
_FILLED = re.compile(r"X{3,}|\{|\}|%[A-Z_]+%|\.\.\.", re.ASCII)


def links(text: str, lists: LinkWords, field: str = "") -> tuple[Finding, ...]:
    """Every address that leads nowhere; where only the scheme or a space is wrong, with the address mended."""
    found = [_fault(m.span(), m.group(), field, m.group().replace(" ", "")) for m in _PARTED.finditer(text)]
    found += [_fault(m.span(), m.group(), field) for m in _EMPTY.finditer(text)]
    found += [_fault(m.span(), m.group(), field) for m in _MAIL.finditer(text) if lists.hosts.fullmatch(m["host"])]
    for m in _LINK.finditer(text):
        if any(f.span and f.span[0] <= m.start() < f.span[1] for f in found):
            continue
        scheme, rest = m["scheme"], m["rest"].rstrip(".,;:!?)]'’")
        end = m.start("rest") + len(rest)
        address = text[m.start() : end]
        host = re.split(r"[/?#:]", rest)[0]
        if scheme.lower() not in ("http://", "https://"):
            right = "https://" if "s" in scheme.lower() else "http://"
            found.append(_fault((m.start(), end), address, field, right + rest.lstrip("/") if "." in host else None))
        elif _dead(host, rest, lists):
            found.append(_fault((m.start(), end), address, field))
    for m in _BARE.finditer(text):
        address = m.group().rstrip(".,;:!?)]'’")
        host = re.split(r"[/?#:]", address)[0]
        if lists.hosts.fullmatch(host) or any(filler in address for filler in lists.fillers):
            found.append(_fault((m.start(), m.start() + len(address)), address, field))
    found += [
        _fault(m.span(), m.group(), field)
        for m in lists.bare_hosts.finditer(text)
        if not any(f.span and f.span[0] <= m.start() < f.span[1] for f in found)
    ]
    return tuple(sorted(found, key=lambda f: f.span or (0, 0)))


def _dead(host: str, rest: str, lists: LinkWords) -> bool:
    return not host or "." not in host or bool(lists.hosts.fullmatch(host)) or bool(_FILLED.search(rest))


def _fault(span: tuple[int, int], address: str, field: str, repair: str | None = None) -> Finding:
    mend = "Write “{form}”." if repair else "Give the real address, or leave it out."
    return Finding.of("link", Severity.ERROR, "“{address}” leads nowhere.", field, span, mend, repair, address=address, form=repair or "")
