"""Each provider API as the emulator speaks it: what it accepts, refuses and answers."""
