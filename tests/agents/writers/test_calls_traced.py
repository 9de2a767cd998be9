"""Each call of the chat model is a piece of the brief's trace: which call, which model, how many tokens, and none of its words."""

from __future__ import annotations

from pathlib import Path

from agents.writers.calls import Assignment, Desk, message
from domain.chat import Sampling
from domain.context import StepContext
from domain.progress import Silent
from domain.specs import CopySpec
from domain.tracing import span
from tests.agents.scripted import ScriptedChat
from tests.tracing import parent_of, recorded, trace_of


def test_a_call_is_a_span_of_the_step_it_was_made_for(assets: Path) -> None:
    context = StepContext(title="Copy", spec=CopySpec(about="a secret drink"), material="The drink is called Undine.")
    assignment = Assignment(context, ScriptedChat(lambda request: "Undine, at last."), 7, Silent(), Desk(assets))
    with recorded() as found, span("studio.prepare"):
        assignment.ask("headline 1", [message("user", "Write a line.")], Sampling(), 40)
    call = found.one("agents.chat")
    assert (trace_of(call), parent_of(call)) == (trace_of(found.one("studio.prepare")), found.one("studio.prepare").context.span_id)
    facts = found.facts("agents.chat")
    assert {name: facts[f"maquette.{name}"] for name in ("call", "model", "constrained", "finish")} == {
        "call": "headline 1",
        "model": "scripted",
        "constrained": False,
        "finish": "stop",
    }
    assert "Undine" not in call.to_json()
