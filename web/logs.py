"""Writes the log as one JSON object a line, for programs that gather logs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

#: The attribute of a record that holds fields beside the words.
FIELDS = "fields"


class JsonLines(logging.Formatter):
    """time (UTC, ISO 8601), level, from, message; the type of an error, not its values; and the record's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line | getattr(record, FIELDS, {}), ensure_ascii=False)


def write_json() -> None:
    """From now on everything that is logged goes to standard error in this form, requests too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("maquette").setLevel(logging.INFO)
