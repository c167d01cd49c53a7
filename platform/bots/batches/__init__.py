"""Batches of groups without people: ordered, begun, held when their budget is used up, and over."""
