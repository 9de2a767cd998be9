"""The Gradio pages, one file per tab."""
