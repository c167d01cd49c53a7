"""Files that hold what is nobody else's business: links, and what people are paid."""

import os
from pathlib import Path
from typing import TextIO


def new_private_file(path: Path) -> TextIO:
    """Open a new text file that only its owner can read.

    Raises:
        FileExistsError: it is there already, and nothing is overwritten.
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")
