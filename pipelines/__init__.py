"""The GPU side: finished values in, bytes out. Never calls an LLM on its own account, opens no database."""
