"""The look of the Gradio parts, from the same colours as assets/theme/studio.css. No font is fetched from anywhere."""

from __future__ import annotations

import gradio as gr

CLAY = gr.themes.Color(
    c50="#fbf1ec", c100="#f3e3db", c200="#e8c9bb", c300="#dba992", c400="#e58468", c500="#c55a3e", c600="#a8412a", c700="#8c3522",
    c800="#6f2a1b", c900="#3a2720", c950="#241712", name="clay",
)  # fmt: skip
STONE = gr.themes.Color(
    c50="#fbf9f5", c100="#f6f3ee", c200="#e9e2d7", c300="#d5cbbc", c400="#a79e91", c500="#857b6e", c600="#6b645a", c700="#4a453e",
    c800="#2b2824", c900="#201e1b", c950="#161513", name="stone",
)  # fmt: skip
SANS = ("system-ui", "-apple-system", "Segoe UI", "Noto Sans", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def theme() -> gr.themes.Base:
    return gr.themes.Base(
        primary_hue=CLAY,
        secondary_hue=CLAY,
        neutral_hue=STONE,
        radius_size=gr.themes.sizes.radius_lg,
        font=list(SANS),
        font_mono=list(MONO),
    ).set(
        body_background_fill="#f6f3ee",
        body_background_fill_dark="#161513",
        block_background_fill="#fffdf9",
        block_background_fill_dark="#201e1b",
        block_border_color="#e2dace",
        block_border_color_dark="#38342e",
        block_label_background_fill="#fffdf9",
        block_label_background_fill_dark="#201e1b",
        input_background_fill="#fffdf9",
        input_background_fill_dark="#1b1917",
        button_primary_background_fill="#a8412a",
        button_primary_background_fill_hover="#8c3522",
        button_primary_background_fill_dark="#e58468",
        button_primary_background_fill_hover_dark="#dba992",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#1b120e",
    )
