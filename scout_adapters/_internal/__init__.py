"""Small tools that every other folder may use: clock, locks, logs, JSON values, redaction."""
