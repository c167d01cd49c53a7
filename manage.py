#!/usr/bin/env python3
"""The one door: pages, sockets, workers, sweeper, commands and shell all start here."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
# platform/ is a folder of packages, never a package: an __init__.py here would hide the standard library's `platform`.
sys.path.insert(1, str(ROOT / "platform"))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None):  # the database answered, and what it said is worth reading whole
            raise
        sys.exit(f"no database answers; start this installation with `make up` or `make demo`: {error}")


if __name__ == "__main__":
    main()
