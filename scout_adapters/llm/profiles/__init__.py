"""What models can do (model profiles), and their limits: windows and longest answers."""
