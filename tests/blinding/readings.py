"""What every reading of what an observer receives is made of."""

import hashlib

Numbers = dict[str, float]
PHASES = (1.0, 0.5, 0.25, 0.1)


def fingerprint(*parts: str) -> float:
    """A number in [0, 1) that is the same for the same texts."""
    return int(hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8], 16) / 2**32
