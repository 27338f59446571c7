"""LangChain chat models: one class for each provider, and the router over many.

Modules of this folder import the engine inside the methods that call it: importing a chat model
then takes no longer than importing LangChain's base class.
"""
