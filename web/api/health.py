"""For what watches over the studio: whether it is ready for work, and its numbers for Prometheus. That it runs, session.py says."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from domain.engine import EngineState, WorkerStatus


def health_router(state: Callable[[], EngineState], registry: CollectorRegistry, *, stall_seconds: float) -> APIRouter:
    """stall_seconds: a lane where something has waited this long while nothing is made in it does not move."""
    router = APIRouter()

    @router.get("/readyz")
    def ready() -> JSONResponse:
        """503 with what is wrong, in words that give nothing away: whoever watches need not be signed in."""
        found = wrong(state(), stall_seconds)
        return JSONResponse({"status": "not ready", "wrong": found} if found else {"status": "ready"}, status_code=503 if found else 200)

    @router.get("/metrics")
    def numbers() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router


def wrong(state: EngineState, stall_seconds: float) -> list[str]:
    """Why work does not get on; empty where it does."""
    found = ["storage"] if state.trouble else []
    if state.executor.workers and all(worker.status is WorkerStatus.LOST for worker in state.executor.workers):
        found.append("workers")
    return found + [f"lane {lane.lane}" for lane in state.lanes if lane.waiting and not lane.working and lane.oldest > stall_seconds]
