"""The page a share link opens: the studio's looks and previews without anything of the studio. Drawn by assets/theme/shared.js.

The page itself is the same for everybody and holds nothing: what a link shows is asked for by its script (web/api/shared.py).
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from web.ui.words import LANGUAGES, Words, finding_words

SCRIPTS = ("parts.js", "labels.js", "drawing.js", "comments.js", "shared.js")
STYLES = ("studio.css", "desk.css", "people.css", "review.css")
#: Scripts and styles stand in the page; pictures, sound and data come from here alone.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
#: Where the page says under which path the studio is served.
BASE = "@base@"


def visitor_router(assets: Path) -> APIRouter:
    router = APIRouter()
    pages = {language: _page(assets, language) for language in LANGUAGES}

    @router.get("/shared")
    def shared(request: Request, language: str = "") -> HTMLResponse:
        accepted = language or request.headers.get("accept-language", "")
        chosen = next((one for one in LANGUAGES if accepted.lower().startswith(one)), LANGUAGES[0])
        base = escape(json.dumps(request.scope.get("root_path", "")), quote=True)
        headers = {"content-security-policy": POLICY, "referrer-policy": "no-referrer", "cache-control": "no-store"}
        return HTMLResponse(pages[chosen].replace(BASE, base, 1), headers=headers)

    return router


def _page(assets: Path, language: str) -> str:
    words = Words.read(assets, language)
    table = escape(json.dumps(words.table | finding_words(assets, language), ensure_ascii=False), quote=True)
    css = "\n".join((assets / "theme" / name).read_text(encoding="utf-8") for name in STYLES)
    scripts = "".join(f"<script>{(assets / 'theme' / name).read_text(encoding='utf-8')}</script>" for name in SCRIPTS)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Maquette</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow">'
        f'<meta name="color-scheme" content="light dark"><meta name="maquette-words" content="{table}">'
        f'<meta name="maquette-base" content="{BASE}"><link rel="icon" href="data:,"><style>{css}</style></head>'
        '<body class="mq-visitor"><div class="gradio-container"><div class="contain prose" id="mq-shared"></div></div>'
        f"{scripts}</body></html>"
    )
