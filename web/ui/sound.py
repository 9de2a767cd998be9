"""Sound: cast, lines, mixes, music, effects and recordings, a tab each. Their contents are drawn by assets/theme/*.js."""

from __future__ import annotations

import gradio as gr

from web.ui.frame import Frame

TABS = ("cast", "lines", "mixes", "music", "effects", "recordings")


def build(frame: Frame, page: gr.Blocks) -> None:
    bar = frame.header("sound")
    frame.title("page.sound", "sound.text")
    holders: list[gr.components.Component] = []
    with gr.Tabs(elem_id="mq-sound"):
        for name in TABS:
            with gr.Tab(frame.words(f"sound.{name}"), id=name, elem_id=f"mq-sound-{name}", render_children=True):
                holders.append(gr.HTML(elem_id=f"mq-sound-{name}-holder"))
    bar.load(page, lambda project_id: tuple(frame.part(name, project_id) for name in TABS), holders)
