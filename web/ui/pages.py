"""Puts the tabs together, once per language, and mounts them: English at /, Chinese at /zh."""

from __future__ import annotations

import asyncio
import json
import warnings
from html import escape
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse
from starlette.routing import Mount

from agents.checklists import Checklists
from agents.telling import templates
from domain.settings import Settings
from studio.studio import Studio
from web.api.board import board_router
from web.api.consents import consents_router
from web.api.desk import models_router, projects_router
from web.api.dialogues import dialogues_router
from web.api.engine import engine_router
from web.api.labels import labels_router
from web.api.lore import lore_router
from web.api.moderation import moderation_router
from web.api.painting import painting_router
from web.api.pictures import pictures_router
from web.api.retaining import retaining_router
from web.api.review import review_router
from web.api.shelf import shelf_router
from web.api.sound import sound_router
from web.api.tasks import Tasks, tasks_router
from web.api.voices import lines_router, voices_router
from web.api.writing import writing_router
from web.traced import NO_TELEMETRY
from web.ui import create, library, pictures, settings_page, sound
from web.ui.door import PagesDoor
from web.ui.frame import Frame
from web.ui.theme import theme
from web.ui.uploads import GuardedBlocks
from web.ui.visitor import visitor_router
from web.ui.words import LANGUAGES, Words, finding_words

UPLOAD_LIMIT = "26mb"
#: In this order: the first defines what the others use.
SCRIPTS = (
    "parts.js", "labels.js", "drawing.js", "fields.js", "picture.js", "scene.js", "game.js", "step_fields.js", "board.js",
    "write.js", "editing.js", "dialogue_nodes.js", "dialogue.js", "lore.js",
    "pick.js", "mask.js", "paint.js", "finish.js", "alike.js", "look.js", "pictures.js",
    "waves.js", "consents.js", "cast.js", "line.js", "lines.js", "timeline.js", "mixes.js", "pieces.js", "recordings.js",
    "comments.js", "review.js", "moderation.js", "family.js", "keeping.js",
    "library.js", "models.js", "inspect.js", "brand.js", "engine.js", "share.js", "people.js",
)  # fmt: skip
STYLES = ("studio.css", "desk.css", "paint.css", "sound.css", "people.css", "review.css")


def mount_pages(app: FastAPI, studio: Studio, settings: Settings, assets: Path, *, signed_in: bool) -> None:
    """Add the pages, and the API they feed on, to the application. signed_in: offer the way out."""
    tasks = Tasks()

    @app.get("/favicon.ico")
    def favicon() -> FileResponse:
        return FileResponse(assets / "theme" / "mark.svg", media_type="image/svg+xml")

    for router in (
        visitor_router(assets),
        board_router(studio),
        shelf_router(studio, tasks),
        review_router(studio, Checklists.load(assets)),
        moderation_router(studio),
        retaining_router(studio),
        dialogues_router(studio),
        lore_router(studio),
        writing_router(studio),
        pictures_router(studio),
        painting_router(studio),
        voices_router(studio),
        consents_router(studio),
        lines_router(studio),
        sound_router(studio, tasks),
        models_router(studio, tasks),
        projects_router(studio),
        tasks_router(tasks),
        labels_router(studio),
        engine_router(studio.engine.state, release=studio.engine.release_idle, pin=studio.engine.pin, known=studio.models.known),
    ):
        app.include_router(router)
    # Gradio makes its locks in the running event loop; without one it opens two more for each page and closes none.
    asyncio.run(_mount_languages(app, studio, settings, assets, signed_in=signed_in))


async def _mount_languages(app: FastAPI, studio: Studio, settings: Settings, assets: Path, *, signed_in: bool) -> None:
    css = "\n".join((assets / "theme" / name).read_text(encoding="utf-8") for name in STYLES)
    errors = templates(assets)
    # Chinese first: the mount at / would take its path.
    for language in reversed(LANGUAGES):
        words = Words.read(assets, language)
        frame = Frame(studio=studio, words=words, errors=errors.get(language, {}), base=settings.root_path, signed_in=signed_in)
        with warnings.catch_warnings():
            # Gradio says that several pages are not rendered on the server even when nobody asked for it.
            warnings.filterwarnings("ignore", message="SSR mode is not supported", category=UserWarning)
            gr.mount_gradio_app(
                app,
                build_pages(frame),
                path="/" if language == "en" else f"/{language}",
                auth_dependency=signed_in_person,
                theme=theme(),
                css=css,
                head=head(words, assets, links=studio.fetcher is not None),
                run_history=False,
                footer_links=[],
                max_file_size=UPLOAD_LIMIT,
                show_error=True,
                ssr_mode=False,
                enable_monitoring=False,
                app_kwargs={"docs_url": None, "redoc_url": None, "openapi_url": None, "telemetry": NO_TELEMETRY},
            )
    for route in app.routes:
        if isinstance(route, Mount):
            route.app = PagesDoor(route.app)


def head(words: Words, assets: Path, *, links: bool = False) -> str:
    """The page's words and our scripts, inline: Gradio's own files need no second place that serves them.

    links: whether pictures may be fetched from links.
    """
    table = escape(json.dumps(words.table | finding_words(assets, words.language), ensure_ascii=False), quote=True)
    scripts = []
    for name in SCRIPTS:
        source = (assets / "theme" / name).read_text(encoding="utf-8")
        if "</script" in source.lower():
            raise ValueError(f"{name} would end its own script element")
        scripts.append(f"<script>{source}</script>")
    values = {"robots": "noindex, nofollow", "color-scheme": "light dark", "maquette-words": table} | (
        {"maquette-links": "on"} if links else {}
    )
    metas = [f'<meta name="{name}" content="{content}">' for name, content in values.items()]
    return "".join([*metas, *scripts])


def signed_in_person(request: Request) -> str | None:
    """Who the guard let in. Gradio refuses the request when this is None."""
    person = request.scope.get("state", {}).get("person")
    return str(person) if person else None


def build_pages(frame: Frame) -> gr.Blocks:
    words = frame.words
    pages: gr.Blocks = GuardedBlocks(title="Maquette", analytics_enabled=False, fill_width=True)
    with pages:
        create.build(frame, pages)
    with pages.route(words("page.library"), "/library", show_in_navbar=False):
        library.build(frame, pages)
    with pages.route(words("page.pictures"), "/pictures", show_in_navbar=False):
        pictures.build(frame, pages)
    with pages.route(words("page.sound"), "/sound", show_in_navbar=False):
        sound.build(frame, pages)
    with pages.route(words("page.settings"), "/settings", show_in_navbar=False):
        settings_page.build(frame, pages)
    # Gradio takes only its uploads as files, but only in Blocks that were launched; these are mounted.
    pages.has_launched = True
    return pages
