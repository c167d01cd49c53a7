"""What is kept where a model gives nothing usable, or what may not be said."""
