"""HTTP clients in a test: answered by an emulator in the same process."""
