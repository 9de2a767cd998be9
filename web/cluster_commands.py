"""`cluster head` and `cluster join`: this machine becomes a node of a Ray cluster until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import socket
from typing import TYPE_CHECKING, Any

from rich.console import Console

from domain.errors import InputError
from pipelines.executors.ray.cluster import DEFAULT_PORT, LOOPBACK, require_ray, require_somebody, write_token
from pipelines.executors.ray.node import Node, NodePlan

if TYPE_CHECKING:
    from web.cli import Entry


def add_cluster_commands(commands: Any) -> None:
    """Add the command to the parser's sub-commands."""
    cluster = commands.add_parser("cluster", help="make this machine a node of a cluster")
    actions = cluster.add_subparsers(required=True, metavar="ACTION")
    head = actions.add_parser("head", help="the first node; the studio runs beside it")
    head.add_argument("--host", default="127.0.0.1", help="address that other machines reach this one by (127.0.0.1: only this machine)")
    head.add_argument("--port", type=int, default=DEFAULT_PORT, help=f"port ({DEFAULT_PORT}); 0 takes any free one")
    head.set_defaults(run=_head)
    join = actions.add_parser("join", help="a further node")
    join.add_argument("address", metavar="ADDRESS", help="HOST:PORT as `cluster head` said it")
    join.add_argument("--host", default="", help="address that other machines reach this one by (found by itself)")
    join.set_defaults(run=_join)
    for command in (head, join):
        command.add_argument("--cpus", type=int, help="cores that may be used (all)")
        command.add_argument("--gpus", type=int, help="GPUs that may be used (all)")


def _head(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    require_ray()
    if not 0 <= arguments.port <= 65535:
        raise InputError("{port} is not a port.", hint="Use 0 to 65535.", field="port", port=arguments.port)
    token = entry.settings.token_file
    if write_token(token):
        console.print(f"A new token lies in {token}. Copy it to every machine of the cluster.", highlight=False, markup=False)
    plan = NodePlan(host=arguments.host, port=arguments.port, cpus=arguments.cpus, gpus=arguments.gpus)
    return _run(plan, entry, console, "Other machines join with: python app.py cluster join {address}")


def _join(arguments: argparse.Namespace, entry: Entry, console: Console) -> int:
    require_ray()
    head, _ = require_somebody(arguments.address)
    host = arguments.host or _seen_from(head)
    if host in LOOPBACK and head not in LOOPBACK:
        raise InputError(
            "The head at {head} cannot reach {host}.",
            hint="Name an address of this machine with --host.",
            field="host",
            head=head,
            host=host,
        )
    plan = NodePlan(host=host, address=arguments.address, cpus=arguments.cpus, gpus=arguments.gpus)
    return _run(plan, entry, console, "This machine has joined {address}")


def _run(plan: NodePlan, entry: Entry, console: Console, said: str) -> int:
    node = Node.start(plan, entry.settings.token_file, os.environ)
    try:
        console.print(f"{said.format(address=node.address)}\nStop with Ctrl-C.", highlight=False, markup=False)
        return node.wait()
    finally:
        node.stop()


def _seen_from(head: str) -> str:
    """The address of this machine on the way to the head. Nothing is sent."""
    if head in LOOPBACK:
        return "127.0.0.1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect((head, 9))
        return str(way.getsockname()[0])
