"""LangChain embeddings over the providers, keys and the engine of the chat models."""
