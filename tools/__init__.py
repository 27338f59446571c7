"""Programs that print tables or run for minutes; `make` runs them as `python -m tools.<name>`."""
