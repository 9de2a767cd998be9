"""What every page shares: its header, the choice of project, the person, and how errors are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from domain.errors import MaquetteError
from domain.people import Caller
from domain.project import Project
from studio.studio import Studio
from web.ui.needs import caller_of, needs
from web.ui.words import Words

#: Kept in the browser under one name for all pages; it holds only the id of a project, so the key is no secret.
STORAGE_KEY = "maquette.project"
STORAGE_SECRET = "maquette-project-id"  # noqa: S105


@dataclass(frozen=True)
class Frame:
    """errors: what errors say in the language of the page, by their English templates."""

    studio: Studio
    words: Words
    errors: Mapping[str, str]
    base: str
    signed_in: bool

    def header(self, page: str) -> ProjectBar:
        """The top of a page: name, pages, language, dark and light, project."""
        with gr.Row(elem_classes="mq-top", equal_height=True):
            gr.HTML(self._bar(page), elem_classes="mq-top-bar")
            with gr.Row(elem_classes="mq-project"):
                project = gr.Dropdown(
                    [],
                    label=self.words("project.label"),
                    show_label=False,
                    container=False,
                    elem_id="mq-project",
                    min_width=150,
                    interactive=True,
                )
                new = gr.Button(self.words("project.new"), size="sm", min_width=60, scale=0, elem_id="mq-new-project")
        with gr.Row(visible=False, elem_classes="mq-new") as row:
            name = gr.Textbox(
                label=self.words("project.name"),
                placeholder=self.words("project.name"),
                show_label=False,
                container=False,
                max_length=120,
                elem_id="mq-project-name",
            )
            create = gr.Button(
                self.words("project.create"), variant="primary", size="md", min_width=80, scale=0, elem_id="mq-project-create"
            )
        kept = gr.BrowserState("", storage_key=STORAGE_KEY, secret=STORAGE_SECRET)
        unfold = needs(self.studio.rights, lambda: gr.update(visible=True))
        new.click(unfold, None, row, show_progress="hidden", api_visibility="private")
        return ProjectBar(frame=self, project=project, kept=kept, row=row, name=name, create=create)

    def title(self, key: str, text: str) -> None:
        """The heading of a page, and one sentence about it."""
        gr.HTML(f"<h1>{escape(self.words(key))}</h1><p>{escape(self.words(text))}</p>", elem_classes="mq-page-title")

    def part(self, name: str, project_id: str) -> str:
        """Where a part drawn by assets/theme/*.js goes: its name and what it starts with."""
        options = json.dumps({"project": project_id, "base": self.base})
        return f'<div data-mq-part="{name}" data-mq-options="{escape(options, quote=True)}"></div>'

    def link(self, path: str) -> str:
        """The address of a page in this language."""
        language = "" if self.words.language == "en" else f"/{self.words.language}"
        return f"{self.base}{language}/{path}"

    def _bar(self, page: str) -> str:
        links = "".join(
            f'<a href="{self.link(path)}"{" aria-current=page" if name == page else ""}>{escape(self.words(f"page.{name}"))}</a>'
            for name, path in (
                ("create", ""),
                ("pictures", "pictures"),
                ("sound", "sound"),
                ("library", "library"),
                ("settings", "settings"),
            )
        )
        other = "zh" if self.words.language == "en" else "en"
        suffix = "" if page == "create" else page
        href = f"{self.base}/{suffix}" if other == "en" else f"{self.base}/zh/{suffix}"
        # assets/theme/people.js shows the way out and the share button to those who have them: both may change while the studio runs.
        hidden = "" if self.signed_in else " hidden"
        leave = (
            f'<form class="mq-leave" method="post" action="{self.base}/logout"{hidden}>'
            f'<button type="submit">{escape(self.words("sign_out"))}</button></form>'
        )
        share = f'<button type="button" class="mq-share" hidden>{escape(self.words("share.open"))}</button>'
        return (
            f'<div class="mq-brand"><span class="mq-mark" aria-hidden="true"></span><b>Maquette</b></div>'
            f'<nav aria-label="Maquette">{links}</nav>'
            f'<div class="mq-side">{share}<a class="mq-lang" href="{href}" lang="{other}">{"中文" if other == "zh" else "English"}</a>'
            f'<button type="button" class="mq-dark" aria-pressed="false" aria-label="{escape(self.words("dark"))}">◐</button>{leave}</div>'
        )


@dataclass(frozen=True)
class ProjectBar:
    """The choice of project of one page, and the wiring that loads a page for it."""

    frame: Frame
    project: gr.Dropdown
    kept: gr.BrowserState
    row: gr.Row
    name: gr.Textbox
    create: gr.Button

    def load(self, page: gr.Blocks, show: Callable[[str], Any], outputs: list[gr.components.Component]) -> tuple[Any, ...]:
        """Call `show(project id)` for `outputs` when the page opens, and when a project is chosen or made.

        Returns these events, for what should come after them.
        """

        def opened(kept: str, request: gr.Request) -> list[Any]:
            chosen = self._present(kept, caller_of(request))
            return [gr.update(choices=self._choices(caller_of(request)), value=chosen), chosen, *_row(show(chosen), outputs)]

        def changed(project_id: str, request: gr.Request) -> list[Any]:
            chosen = self._present(project_id, caller_of(request))
            return [chosen, *_row(show(chosen), outputs)]

        def made(name: str, request: gr.Request) -> list[Any]:
            create = shown(self.frame, self.frame.studio.projects.create)
            project = create(name, language=self.frame.words.language, person=person_of(request))
            return [
                gr.update(choices=self._choices(caller_of(request)), value=project.id),
                project.id,
                gr.update(visible=False),
                "",
                *_row(show(project.id), outputs),
            ]

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        # What they show, they choose among the projects of who asks.
        for event in (opened, changed, made):
            needs(self.frame.studio.rights, event)
        return (
            page.load(opened, self.kept, [self.project, self.kept, *outputs], **quiet),
            self.project.input(changed, self.project, [self.kept, *outputs], **quiet),
            gr.on(
                [self.create.click, self.name.submit],
                made,
                self.name,
                [self.project, self.kept, self.row, self.name, *outputs],
                **quiet,
            ),
        )

    def _open(self, caller: Caller) -> tuple[Project, ...]:
        return self.frame.studio.rights.visible(caller, self.frame.studio.projects.all())

    def _choices(self, caller: Caller) -> list[tuple[str, str]]:
        return [(project.name, project.id) for project in self._open(caller)]

    def _present(self, project_id: str, caller: Caller) -> str:
        """The project kept in the browser when it is still open to this person, else the newest one that is."""
        projects = self._open(caller)
        if project_id in {project.id for project in projects}:
            return project_id
        return self.frame.studio.projects.first(language=self.frame.words.language, person=caller.person, among=projects).id


def _row(value: Any, outputs: list[gr.components.Component]) -> list[Any]:
    return [value] if len(outputs) == 1 else list(value)


def person_of(request: gr.Request) -> str:
    return str(getattr(request, "username", "") or "local")


def shown(frame: Frame, action: Callable[..., Any]) -> Callable[..., Any]:
    """The same action, with our errors turned into a message on the page."""

    def guarded(*arguments: Any, **named: Any) -> Any:
        try:
            return action(*arguments, **named)
        except MaquetteError as error:
            # Gradio shows the text of an error as HTML.
            raise gr.Error(escape(error.told(frame.errors)), duration=12, print_exception=False, title="Maquette") from error

    return guarded
