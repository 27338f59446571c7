"""Names that callers and providers choose do not fill memory."""
