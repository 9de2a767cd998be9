"""Puts the tabs together, once per language, and mounts them: English at /, Chinese at /zh."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request

from domain.settings import Settings
from studio.studio import Studio
from web.ui import create, library, settings_page
from web.ui.frame import Frame
from web.ui.theme import theme
from web.ui.words import LANGUAGES, Words

UPLOAD_LIMIT = "26mb"


def mount_pages(app: FastAPI, studio: Studio, settings: Settings, assets: Path, *, signed_in: bool) -> None:
    """Add the pages to the application. signed_in: show who is signed in, and the way out."""
    css = (assets / "theme" / "studio.css").read_text(encoding="utf-8")
    scripts = "".join(f"<script>{file.read_text(encoding='utf-8')}</script>" for file in sorted((assets / "theme").glob("*.js")))
    # Chinese first: the mount at / would take its path.
    for language in reversed(LANGUAGES):
        words = Words.read(assets, language)
        frame = Frame(studio=studio, words=words, base=settings.root_path, signed_in=signed_in)
        table = escape(json.dumps(words.table, ensure_ascii=False), quote=True)
        head = f'<meta name="robots" content="noindex, nofollow"><meta name="maquette-words" content="{table}">{scripts}'
        path = "/" if language == "en" else f"/{language}"
        gr.mount_gradio_app(
            app,
            build_pages(frame),
            path=path,
            auth_dependency=signed_in_person,
            theme=theme(),
            css=css,
            head=head,
            run_history=False,
            footer_links=[],
            max_file_size=UPLOAD_LIMIT,
            show_error=True,
            ssr_mode=False,
            enable_monitoring=False,
            app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None},
        )


def signed_in_person(request: Request) -> str | None:
    """Who the guard let in. Gradio refuses the request when this is None."""
    person = request.scope.get("state", {}).get("person")
    return str(person) if person else None


def build_pages(frame: Frame) -> gr.Blocks:
    words = frame.words
    with gr.Blocks(title="Maquette", analytics_enabled=False, fill_width=True) as pages:
        create.build(frame)
    with pages.route(words("page.library"), "/library"):
        library.build(frame)
    with pages.route(words("page.settings"), "/settings"):
        settings_page.build(frame)
    return pages
