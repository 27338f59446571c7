"""What keeps a test to itself: no live calls, keys and addresses of its own, time that it sets."""
