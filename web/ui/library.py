"""Library: everything a project has made. The gallery itself is assets/theme/library.js."""

from __future__ import annotations

import gradio as gr

from web.ui.frame import Frame


def build(frame: Frame, page: gr.Blocks) -> None:
    bar = frame.header("library")
    frame.title("page.library", "library.text")
    shelf = gr.HTML(elem_id="mq-library-holder")
    bar.load(page, lambda project_id: frame.part("library", project_id), [shelf])
