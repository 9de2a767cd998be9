"""Which network addresses may be asked on somebody's word. Pure: names are resolved, and connections made, elsewhere.

Addresses and ranges: the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and later), and what clouds answer their machines at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

#: Whether an address may be asked.
Judge = Callable[[str], bool]

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure, which a machine there reaches as if it were outside
    )
)  # fmt: skip
#: Of IPv6 only this is handed out, and of it not what is for documents, tunnels and translations.
_PUBLIC_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = tuple(ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
#: Where nothing of a person's own ever answers: this machine's cloud, everybody, nobody.
_NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::/32", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32",
    )
)  # fmt: skip
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.IGNORECASE)
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "test", "invalid", "example")


def public(address: str) -> bool:
    """Whether an address is one of the public internet. An IPv4 address in IPv6 clothes counts as what it is."""
    found = _plain(address)
    if isinstance(found, IPv4Address):
        return not any(found in network for network in _NOT_PUBLIC)
    return found is not None and found in _PUBLIC_6 and not any(found in network for network in _NOT_PUBLIC_6)


def not_metadata(address: str) -> bool:
    """For addresses the owner of the machine named: also of a house network, but never what a cloud answers its machines at."""
    found = _plain(address)
    return found is not None and not any(found in network for network in _NEVER if network.version == found.version)


def public_name(host: str) -> bool:
    """Whether a host as it stands in a link may be looked up: an ordinary name with a dot, or an address written the usual way.

    Numbers in other writings (2130706433, 0x7f.1, 0177.0.0.1) are refused before anything resolves them.
    """
    bare = host.removeprefix("[").removesuffix("]").rstrip(".")
    if ":" in bare:
        return public(bare)
    labels = bare.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(bare)) == bare and public(bare)
        except ValueError:
            return False
    return (
        len(bare) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and labels[-1].lower() not in _LOCAL_NAMES
    )


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    """The address without zone and without IPv6 clothes; None for what is none, or has a zone."""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.scope_id:
            return None
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if int(found) >> 32 == 0 and int(found) > 1:  # ::a.b.c.d, given up long ago
            return IPv4Address(int(found) & 0xFFFFFFFF)
    return found
