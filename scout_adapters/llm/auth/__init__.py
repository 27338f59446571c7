"""Tokens and signatures of the clouds, each around the cloud's official package."""
