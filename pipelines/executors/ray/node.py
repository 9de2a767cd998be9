"""One node of a cluster in a process of its own: `python -m pipelines.executors.ray.node` with a NodePlan as JSON on standard input.

`ray start` binds to every interface of the machine even where it is told 127.0.0.1, and starts a dashboard and a client server
that nobody here uses. This starts the same node with an address of its own and without them. It says one line of JSON when the
node stands, and ends, with everything it started, on SIGTERM or when its standard input closes: whoever started it is gone.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from domain.errors import HostingError, InputError
from domain.value import Value
from pipelines.executors.ray.cluster import OBJECT_STORE_BYTES, node_environment, node_labels, require_ray

START_SECONDS = 60.0
STOP_SECONDS = 20.0
_LOOK = 0.5


class NodePlan(Value):
    """host: the address this machine is reached by. address "" is a head, which listens on `port`, else the head to join.

    cpus, gpus: what may be used of this machine, None for all there is.
    """

    host: str = "127.0.0.1"
    port: int = 0
    address: str = ""
    cpus: int | None = None
    gpus: int | None = None


class Node:
    """The process of one node, as the one who started it sees it."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    @staticmethod
    def start(plan: NodePlan, token_file: Path, environment: Mapping[str, str]) -> Node:
        """Returns when the node stands. Raises HostingError with what Ray said when it does not, and InputError for the token."""
        require_ray()
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines.executors.ray.node"],
            env=node_environment(token_file, plan.host, environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a Ctrl-C of the terminal reaches whoever started it, who then ends it in order
        )
        node = Node(process, "")
        try:
            node._told(plan)
        except BaseException:
            node.stop()
            raise
        return node

    def _told(self, plan: NodePlan) -> None:
        assert_pipe(self.process.stdin).write(plan.model_dump_json() + "\n")
        assert_pipe(self.process.stdin).flush()
        output = assert_pipe(self.process.stdout)
        ready, _, _ = select.select([output], [], [], START_SECONDS)
        line = output.readline() if ready else ""
        told: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if "address" not in told:
            why = told.get("error") or ("it did not stand within a minute" if not ready else "it ended at once")
            raise HostingError(f"The node did not start: {why}.", hint="Check the address, the port and the token.")
        self.address = told["address"]

    def wait(self) -> int:
        """Until the node ends by itself. Returns its exit status."""
        return self.process.wait()

    def stop(self) -> None:
        """End it and all it started. Idempotent."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def assert_pipe(pipe: Any) -> Any:
    if pipe is None:
        raise HostingError("The node has no pipe to be told through.")
    return pipe


def main() -> int:
    """In the child."""
    plan = NodePlan.model_validate_json(sys.stdin.readline())
    told, sys.stdout = sys.stdout, sys.stderr  # Ray prints; the one line is ours
    try:
        node = start(plan)
    except Exception as error:  # whatever Ray raised, somebody waits to hear it
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=told, flush=True)
        return 1
    print(json.dumps({"address": node.gcs_address}), file=told, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while not node.dead_processes():
        closed, _, _ = select.select([sys.stdin], [], [], _LOOK)
        if closed and not sys.stdin.read(1):
            return 0
    return 1


def start(plan: NodePlan) -> Any:
    """Ray's own node. What it starts ends with this process (shutdown hooks, and a reaper should it be killed)."""
    from ray._private.authentication.authentication_token_setup import ensure_token_if_auth_enabled
    from ray._private.node import Node as RayNode
    from ray._private.parameter import RayParams

    if os.environ.get("RAY_AUTH_MODE") != "token":
        raise InputError("This node was started without token authentication.", hint="Use `python app.py cluster head` or `join`.")
    ensure_token_if_auth_enabled(None, create_token_if_missing=False)
    parameters = RayParams(
        node_ip_address=plan.host,
        gcs_server_port=plan.port or None if not plan.address else None,
        gcs_address=plan.address or None,
        num_cpus=plan.cpus,
        num_gpus=plan.gpus,
        labels=node_labels(),
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=False,
        include_log_monitor=False,
        no_monitor=True,
        min_worker_port=0,
        max_worker_port=0,
        dashboard_agent_listen_port=0,
    )
    return RayNode(parameters, head=not plan.address, shutdown_at_exit=True, spawn_reaper=True)


if __name__ == "__main__":
    sys.exit(main())
