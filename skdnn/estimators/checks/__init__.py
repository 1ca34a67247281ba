"""Checks of what a caller hands over, each with a message that says the cure."""
