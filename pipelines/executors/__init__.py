"""Run Work on pipelines and measure it."""
