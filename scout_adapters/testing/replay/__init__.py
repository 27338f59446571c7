"""The cassette of a test: its file, which recording answers a request, and what is reported."""
