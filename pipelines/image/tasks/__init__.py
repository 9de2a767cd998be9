"""How a picture comes about, one file per task."""
