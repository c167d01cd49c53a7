"""Holding conditions and outcomes back while data come in: from whom, until when, and what stands instead."""
