"""Pictures: made from words without a chat, looked at closely, compared. Drawn by assets/theme/pictures.js and look.js."""

from __future__ import annotations

import gradio as gr

from web.ui.frame import Frame


def build(frame: Frame, page: gr.Blocks) -> None:
    bar = frame.header("pictures")
    frame.title("page.pictures", "pictures.text")
    holder = gr.HTML(elem_id="mq-pictures-holder")
    bar.load(page, lambda project_id: frame.part("pictures", project_id), [holder])
