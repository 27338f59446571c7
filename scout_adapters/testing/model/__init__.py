"""The model behind the emulator: what it reads in a request, and how it answers."""
