"""The nouns of Maquette. Values only: no files, no network, no torch, no gradio, no SQL."""
