"""The emulator: in-process transport, local server, routes, and the log of requests."""
