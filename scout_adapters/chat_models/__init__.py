"""LangChain chat models: one for each provider, and the router over many.

A module of this folder imports the engine inside the methods that call it, so that importing a
chat model stays cheap.
"""
