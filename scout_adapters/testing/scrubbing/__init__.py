"""Remove secrets from recordings, and find those that would be left."""
