"""What models can do, and how much they can read and write."""
