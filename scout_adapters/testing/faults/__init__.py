"""Faults that the emulator can produce: refusals, broken answers, error bodies by provider."""
