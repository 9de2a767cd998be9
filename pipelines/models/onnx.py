"""Opens an ONNX network on the CPU, the same way everywhere. Only the `load` of Weights calls it (pipelines/devices.py).

Knows nothing of what the network does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from domain.errors import ModelUnusable


def open_network(network: Path, threads: int) -> Any:
    """An onnxruntime session. threads: 0 leaves it to onnxruntime. Raises ModelUnusable."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelUnusable("The package onnxruntime is not installed.", hint="Run `make run` once more.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin while they wait make a busy small machine many times slower.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, which are no part of its interface
        raise ModelUnusable(
            "{network} cannot be opened: {error}.", hint="Verify it on the Models page.", network=network.name, error=error
        ) from error
