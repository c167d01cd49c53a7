"""The trust game."""
