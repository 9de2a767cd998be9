"""Settings, a tab for each part: models to check, with what is kept for how long. Contents are drawn by assets/theme/*.js."""

from __future__ import annotations

import gradio as gr

from web.ui.frame import Frame

#: On a phone the last of them fold into a menu.
TABS = ("models", "engine", "brand", "project", "people", "keeping", "check")


def build(frame: Frame, page: gr.Blocks) -> None:
    bar = frame.header("settings")
    frame.title("page.settings", "settings.text")
    holders: list[gr.components.Component] = []
    with gr.Tabs(elem_id="mq-settings"):
        for name in TABS:
            with gr.Tab(frame.words(f"settings.{name}"), id=name, elem_id=f"mq-tab-{name}", render_children=True):
                holders.append(gr.HTML(elem_id=f"mq-{name}-holder"))
    bar.load(page, lambda project_id: tuple(_parts(frame, name, project_id) for name in TABS), holders)


def _parts(frame: Frame, name: str, project_id: str) -> str:
    """The parts of a tab: Check looks into a file and into the store."""
    return (frame.part("inspect", project_id) if name == "check" else "") + frame.part(name, project_id)
