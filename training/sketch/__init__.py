"""maquette-sketch: a small text-to-image model of our own, from captioned pairs to a diffusers folder and its gate."""
