"""A public link through Gradio's tunnel: the one program that is downloaded and run, checked against Gradio's pinned hash."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ShareUnavailable


@dataclass(frozen=True)
class PublicLink:
    url: str
    close: Callable[[], None]


def share(port: int) -> PublicLink:
    """Tunnel this machine's port. Raises ShareUnavailable with the reason: no network, an altered client, a refusal."""
    import httpx
    from gradio import networking, tunneling
    from gradio.exceptions import ChecksumMismatchError

    _refuse_altered_client(Path(tunneling.BINARY_PATH), tunneling.CHECKSUMS.get(tunneling.BINARY_URL, ""))
    before = len(tunneling.CURRENT_TUNNELS)
    try:
        url = networking.setup_tunnel("127.0.0.1", port, secrets.token_urlsafe(32), None, None)
    except ChecksumMismatchError as error:
        Path(tunneling.BINARY_PATH).unlink(missing_ok=True)
        raise ShareUnavailable("The tunnel client does not have the hash Gradio pins.", hint="Try again later.") from error
    except (RuntimeError, OSError, ValueError, httpx.HTTPError) as error:
        raise ShareUnavailable(
            "Gradio's link service could not be reached ({kind}).",
            hint="Check the network, or listen on your own address with --host and a password.",
            kind=type(error).__name__,
        ) from error
    tunnels = tunneling.CURRENT_TUNNELS[before:]

    def close() -> None:
        for tunnel in tunnels:
            tunnel.kill()  # type: ignore[no-untyped-call]

    return PublicLink(url=url, close=close)


def _refuse_altered_client(binary: Path, pinned: str) -> None:
    """Gradio checks the hash only right after its download; an existing file is checked here, every time."""
    if not binary.exists():
        return
    if not pinned or hashlib.sha256(binary.read_bytes()).hexdigest() != pinned:
        binary.unlink()
