"""Each provider API as the emulator plays it: what it accepts, refuses and answers."""
