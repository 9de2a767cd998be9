"""Create: the chat on the left, the plan as a board of cards on the right. The board itself is assets/theme/board.js."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any

import gradio as gr

from domain.brief import Attachment
from domain.conversation import Turn
from domain.errors import AttachmentError, MaquetteError
from domain.people import Right
from web.ui.frame import Frame, person_of
from web.ui.needs import needs
from web.ui.uploads import require_upload

#: Longer pastes stay text: Gradio would otherwise turn them into a file behind the person's back.
PASTE_MAX = 1_000_000
MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-!|<>~$&/])")
#: In an answer lists and bold stay; pictures, links and HTML could fetch from elsewhere and do not.
FETCHING = re.compile(r"([<>\[\]!$&/])")

Shown = tuple[list[gr.ChatMessage], dict[str, Any]]


def build(frame: Frame, page: gr.Blocks) -> None:
    words = frame.words
    bar = frame.header("create")
    with gr.Row(elem_classes="mq-create", equal_height=False):
        with gr.Column(scale=4, min_width=300, elem_classes="mq-chat-column"):
            gr.HTML(
                f'<div class="mq-jump"><a href="#mq-board-holder">{escape(words("jump.plan"))} '
                f'<span class="mq-jump-count"></span> ↓</a></div>',
                elem_classes="mq-jump-holder",
            )
            chat = gr.Chatbot(
                label=words("chat.label"),
                show_label=False,
                height="min(60vh, 620px)",
                elem_id="mq-chat",
                placeholder=f"## {words('chat.welcome')}\n{words('chat.welcome_text')}",
                examples=[{"text": words(f"chat.example.{n}")} for n in (1, 2, 3)],
                sanitize_html=True,
                allow_tags=False,
                latex_delimiters=[],
                feedback_options=None,
                buttons=["copy"],
                layout="bubble",
            )
            box = gr.MultimodalTextbox(
                placeholder=words("chat.placeholder"),
                label=words("chat.label"),
                show_label=False,
                file_count="multiple",
                sources=["upload"],
                max_lines=8,
                max_plain_text_length=PASTE_MAX,
                elem_id="mq-message",
            )
            gr.HTML(f'<p class="mq-honest">{escape(words("chat.honest"))}</p>')
        with gr.Column(scale=8, min_width=300, elem_classes="mq-board-column"):
            board = gr.HTML(elem_id="mq-board-holder")

    def show(project_id: str) -> tuple[list[gr.ChatMessage], str]:
        return history(frame, project_id), frame.part("board", project_id)

    def say(message: dict[str, Any], project_id: str, request: gr.Request) -> Iterator[Shown]:
        yield from converse(frame, message, project_id, person_of(request))

    def pick(project_id: str, request: gr.Request, event: gr.SelectData) -> Iterator[Shown]:
        yield from converse(frame, {"text": picked(event.value), "files": []}, project_id, person_of(request))

    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": 8}
    rights = frame.studio.rights
    needs(rights, say, Right.EDIT, at=1)
    needs(rights, pick, Right.EDIT)
    box.submit(say, [box, bar.project], [chat, box], **quiet)
    chat.example_select(pick, bar.project, [chat, box], **quiet)
    chat.option_select(pick, bar.project, [chat, box], **quiet)

    def resume(project_id: str) -> Iterator[Shown]:
        yield from follow(frame, project_id)

    needs(rights, resume, Right.VIEW)
    for opened in bar.load(page, show, [chat, board]):
        opened.then(resume, bar.project, [chat, box], **quiet)

    # The answer ends by itself once it is stopped, and whatever follows it shows the end.
    box.stop(needs(rights, frame.studio.chat.stop, Right.EDIT), bar.project, None, **quiet)


def picked(value: Any) -> str:
    """The text of a chosen example or option."""
    return str(value["text"] if isinstance(value, dict) and "text" in value else value)


def idle(**update: Any) -> dict[str, Any]:
    """The message box when nothing is being answered."""
    return dict(gr.update(submit_btn=True, stop_btn=False, **update))


def converse(frame: Frame, message: dict[str, Any], project_id: str, person: str) -> Iterator[Shown]:
    """Send one message and stream the answer. What was typed, and every file that was taken, stays when it was refused."""
    before = history(frame, project_id)
    text = str(message.get("text") or "")
    try:
        uploads = [require_upload(f["path"] if isinstance(f, dict) else f) for f in message.get("files") or []]
    except AttachmentError as error:
        yield (
            [*before, gr.ChatMessage(role="assistant", content=f"⚠ {plain(error.told(frame.errors))}")],
            idle(value={"text": text, "files": []}),
        )
        return
    if not text.strip() and not uploads:
        yield before, idle()
        return
    read: list[Attachment] = []
    try:
        mine = gr.ChatMessage(role="user", content=said(text, tuple(path.name for path in uploads)))
        waiting = gr.ChatMessage(role="assistant", content=frame.words("chat.thinking"))
        yield [*before, mine, waiting], dict(gr.update(value={"text": "", "files": []}, submit_btn=False, stop_btn=True))
        for path in uploads:
            read.append(frame.studio.attachments.add(path.name, path.read_bytes()))
        for answer in frame.studio.chat.say(project_id, text, attachments=tuple(read), person=person):
            yield [*before, mine, gr.ChatMessage(role="assistant", content=calm(answer) or waiting.content)], dict(gr.skip())
    except MaquetteError as error:
        refused = uploads[len(read)] if len(read) < len(uploads) else None
        kept = {"text": text, "files": [str(path) for path in uploads if path != refused]}
        refusal = gr.ChatMessage(role="assistant", content=f"⚠ {plain(error.told(frame.errors))}")
        yield [*history(frame, project_id), refusal], idle(value=kept)
        return
    # Gradio's copies can be read by everyone who is signed in; the library has its own now.
    for path in uploads:
        path.unlink(missing_ok=True)
    yield history(frame, project_id), idle()


def follow(frame: Frame, project_id: str) -> Iterator[Shown]:
    """Show an answer that was being made when the page opened, to its end."""
    answer = frame.studio.chat.pending(project_id)
    if answer is None:
        # The turns were shown with the project; showing them again could wipe a message sent meanwhile.
        yield gr.skip(), idle()
        return
    for text in answer.follow():
        said_so_far = gr.ChatMessage(role="assistant", content=calm(text) or frame.words("chat.thinking"))
        yield [*history(frame, project_id), said_so_far], dict(gr.update(submit_btn=False, stop_btn=True))
    yield history(frame, project_id), idle()


def history(frame: Frame, project_id: str) -> list[gr.ChatMessage]:
    turns = frame.studio.chat.turns(project_id)
    return [message_of(turn, last=turn is turns[-1]) for turn in turns]


def message_of(turn: Turn, *, last: bool) -> gr.ChatMessage:
    options: Any = [{"label": option, "value": option} for option in turn.options] if last and turn.role == "assistant" else []
    content = calm(turn.text) if turn.role == "assistant" else said(turn.text, turn.attachments)
    return gr.ChatMessage(role=turn.role, content=content, options=options)


def said(text: str, names: tuple[str, ...]) -> str:
    return plain(text) + "".join(f"\n\n📎 {plain(name)}" for name in names)


def plain(text: str) -> str:
    """A person's words are shown as they were typed: no markup, no pictures fetched from elsewhere."""
    return MARKUP.sub(r"\\\1", text)


def calm(text: str) -> str:
    """An answer's words: simple markup stays, whatever could fetch or run is shown as text."""
    return FETCHING.sub(r"\\\1", text)
