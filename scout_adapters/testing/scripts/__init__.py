"""Scripted answers: rules that select requests, and the answers that these receive."""
