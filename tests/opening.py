"""One process that opens files for all tests of a run, as the studio has one."""

from __future__ import annotations

import atexit
from functools import cache

from pipelines.media.opening import Opening
from pipelines.sandbox.sandbox import Sandbox
from studio.opening import TASKS


@cache
def opening() -> Opening:
    sandbox = Sandbox(TASKS)
    atexit.register(sandbox.close)
    return Opening(sandbox)
