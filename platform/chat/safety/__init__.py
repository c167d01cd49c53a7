"""What is done where somebody in a conversation may be in danger: see docs/safety.md."""
