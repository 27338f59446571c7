"""The emulator's model: requests in a common form, and rules for their answers."""
