"""A user's own tests under faults: which faults there are, and how they are put into a test."""
