"""Create: the chat on the left, the plan as a board of cards on the right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from domain.brief import Attachment
from domain.conversation import Turn
from domain.errors import MaquetteError
from web.ui.frame import Frame, person_of

FILE_TYPES = [".txt", ".md", ".png", ".jpg", ".jpeg", ".wav", ".mp3"]


def build(frame: Frame) -> None:
    words = frame.words
    page = gr.context.Context.root_block
    bar = frame.header("create")
    with gr.Row(elem_classes="mq-create", equal_height=False):
        with gr.Column(scale=4, min_width=340, elem_classes="mq-chat-column"):
            chat = gr.Chatbot(
                show_label=False,
                height="min(62vh, 640px)",
                elem_id="mq-chat",
                placeholder=f"### {words('chat.welcome')}\n{words('chat.welcome_text')}",
                examples=[{"text": words(f"chat.example.{n}")} for n in (1, 2, 3)],
                sanitize_html=True,
                buttons=["copy"],
                layout="bubble",
            )
            box = gr.MultimodalTextbox(
                placeholder=words("chat.placeholder"),
                show_label=False,
                file_count="multiple",
                file_types=FILE_TYPES,
                lines=2,
                max_lines=8,
                elem_id="mq-message",
                stop_btn=False,
            )
            gr.HTML(f'<p class="mq-honest">{escape(words("chat.honest"))}</p>')
        with gr.Column(scale=8, min_width=340):
            board = gr.HTML(elem_id="mq-board-holder")

    def show(project_id: str) -> tuple[Any, str]:
        return history(frame, project_id), board_html(frame, project_id)

    bar.load(page, show, [chat, board])

    def say(message: dict[str, Any], project_id: str, request: gr.Request) -> Iterator[tuple[Any, Any]]:
        yield from converse(frame, message, project_id, person_of(request))

    box.submit(say, [box, bar.project], [chat, box], show_progress="hidden", api_visibility="private", concurrency_limit=8)

    def pick(project_id: str, request: gr.Request, event: gr.SelectData) -> Iterator[tuple[Any, Any]]:
        text = event.value["text"] if isinstance(event.value, dict) and "text" in event.value else str(event.value)
        yield from converse(frame, {"text": text, "files": []}, project_id, person_of(request))

    chat.example_select(pick, bar.project, [chat, box], show_progress="hidden", api_visibility="private")
    chat.option_select(pick, bar.project, [chat, box], show_progress="hidden", api_visibility="private")


def converse(frame: Frame, message: dict[str, Any], project_id: str, person: str) -> Iterator[tuple[Any, Any]]:
    """Send one message and stream the answer. What was typed stays in the box when it was refused."""
    before = history(frame, project_id)
    text = str(message.get("text") or "")
    try:
        attachments = tuple(take_in(frame, path) for path in message.get("files") or [])
        mine = gr.ChatMessage(role="user", content=said(text, attachments))
        waiting = gr.ChatMessage(role="assistant", content=frame.words("chat.thinking"), metadata={"status": "pending"})
        yield [*before, mine, waiting], gr.update(value={"text": "", "files": []}, interactive=False)
        for answer in frame.studio.chat.say(project_id, text, attachments=attachments, person=person):
            yield [*before, mine, gr.ChatMessage(role="assistant", content=answer)], gr.skip()
    except MaquetteError as error:
        kept = {"text": text, "files": []}
        yield [*history(frame, project_id), gr.ChatMessage(role="assistant", content=f"⚠ {error}")], gr.update(value=kept, interactive=True)
        return
    yield history(frame, project_id), gr.update(interactive=True)


def take_in(frame: Frame, upload: Any) -> Attachment:
    """Read an upload and delete Gradio's copy: its cache can be read by everyone who is signed in."""
    path = Path(upload["path"] if isinstance(upload, dict) else upload)
    try:
        return frame.studio.attachments.add(path.name, path.read_bytes())
    finally:
        path.unlink(missing_ok=True)


def history(frame: Frame, project_id: str) -> list[gr.ChatMessage]:
    turns = frame.studio.chat.turns(project_id)
    return [message_of(turn, last=turn is turns[-1]) for turn in turns]


def message_of(turn: Turn, *, last: bool) -> gr.ChatMessage:
    options = [{"label": option, "value": option} for option in turn.options] if last and turn.role == "assistant" else []
    text = turn.text if turn.role == "assistant" else escape_markdown(turn.text)
    return gr.ChatMessage(
        role=turn.role, content=text + "".join(f"\n\n📎 {escape_markdown(name)}" for name in turn.attachments), options=options
    )


def said(text: str, attachments: tuple[Attachment, ...]) -> str:
    return escape_markdown(text) + "".join(f"\n\n📎 {escape_markdown(a.name)}" for a in attachments)


def escape_markdown(text: str) -> str:
    """A person's words are shown as they were typed: no markup, no pictures fetched from elsewhere."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-!|<>~$" else c for c in text)


def board_html(frame: Frame, project_id: str) -> str:
    options = {"project": project_id, "base": frame.base}
    return f'<div data-mq-board="{escape(json.dumps(options), quote=True)}"></div>'
