"""Files that hold what is nobody else's business: addresses, links, and what people are paid."""

import os
import stat
from pathlib import Path
from typing import TextIO

OWN_FOLDER, OWN_FILE = 0o700, 0o600


def new_private_file(path: Path) -> TextIO:
    """Open a new text file that only its owner can read.

    Raises:
        FileExistsError: it is there already, and nothing is overwritten.
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN_FILE)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def private_folder(path: Path) -> Path:
    """A folder into which only its owner can look, made where it is not there, and closed where others could.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    path.mkdir(mode=OWN_FOLDER, parents=True, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != OWN_FOLDER:
        path.chmod(OWN_FOLDER)
    return path
