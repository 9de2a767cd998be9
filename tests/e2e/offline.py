"""Runs the command line with every socket outside loopback refused: `python -m tests.e2e.offline make "BRIEF" --out DIR`."""

from __future__ import annotations

import ipaddress
import sys

REFUSED = "a connection outside this machine was attempted"


def refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: Python calls it before every connect and name look-up, in all threads; it cannot be taken off again."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and not _loopback(str(address[0])):
            print(f"{REFUSED}: {address}", file=sys.stderr, flush=True)
            raise PermissionError(f"{REFUSED}: {address}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
        if host not in (None, "", b"") and not _loopback(host.decode() if isinstance(host, bytes) else str(host)):
            print(f"{REFUSED}: {host!r}", file=sys.stderr, flush=True)
            raise PermissionError(f"{REFUSED}: {host!r}")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    sys.addaudithook(refuse_other_machines)
    from app import main

    sys.exit(main(sys.argv[1:]))
