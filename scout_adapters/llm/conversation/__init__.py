"""LangChain messages converted to turns for the provider that will receive them."""
