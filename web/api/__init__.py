"""FastAPI routers, one file per protocol."""
