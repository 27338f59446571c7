"""What OpenTelemetry and the tracers of other tools receive of calls."""
