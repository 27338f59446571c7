"""The one loop that tries again: candidates, attempts, retries, and the record of each attempt."""
