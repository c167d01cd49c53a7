"""Looks up who implements a kind. The table itself is settings.KINDS."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

VOID_PATH = "~void"  # where a void match stands while its seats read that it does not count


@cache
def kind(family: str, name: str) -> Any:
    """The class or function that `KINDS[family][name]` names.

    Raises:
        KeyError: nothing of that kind; the system check refuses such a table at the start.
    """
    return import_string(settings.KINDS[family][name])
