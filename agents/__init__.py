"""The LLM side. Receives a ChatModel and a list of capabilities; knows no pipeline and no database."""
