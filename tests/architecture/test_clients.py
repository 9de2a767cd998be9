"""Who may ask the network: links that people give go through studio/fetching.py alone."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("domain", "library", "pipelines", "agents", "studio", "web")
MODULES = ("requests", "urllib.request", "urllib3", "aiohttp", "http.client", "httpcore", "ftplib", "smtplib", "websockets")
CALLS = ("Client", "AsyncClient", "HTTPTransport", "AsyncHTTPTransport", "urlopen", "create_connection", "open_connection")
#: A file that makes connections, and to what: never to an address that came with a request, but for the chat server's, which owners set.
KNOWN = {
    "app.py": "the webhook that the owner configured, through Guarded",
    "studio/fetching.py": "the guard itself",
    "studio/mailing.py": "the configured mail server",
    "web/single_sign_on.py": "the configured sign-in provider",
    "web/ui/tunnel.py": "Gradio's tunnel, when it is asked for",
    "pipelines/text/chats.py": "the configured chat server",
    "pipelines/text/llamacpp.py": "the model's own server on this machine",
    "pipelines/executors/ray/cluster.py": "the configured cluster",
}


def asks(tree: ast.Module) -> bool:
    """Whether a file imports or makes a client of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(name.name in MODULES for name in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS:
            return True
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and (node.value.id, node.attr) in {
            ("httpx", name) for name in ("get", "post", "put", "stream", "request")
        }:  # fmt: skip
            return True
    return False


def test_no_other_file_has_a_client_of_its_own() -> None:
    files = [ROOT / "app.py", *(file for floor in FLOORS for file in (ROOT / floor).rglob("*.py"))]
    found = {str(file.relative_to(ROOT)) for file in files if asks(ast.parse(file.read_text(encoding="utf-8")))}
    assert found - set(KNOWN) == set()
    assert {"app.py", "studio/fetching.py", "web/single_sign_on.py"} <= found


def test_the_webhook_goes_through_the_guard() -> None:
    assert "transport=Guarded(not_metadata)" in (ROOT / "app.py").read_text(encoding="utf-8")
