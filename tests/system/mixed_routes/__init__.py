"""Routes that mix our models with those of official LangChain packages, on the emulator."""
