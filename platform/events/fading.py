"""What is so for a few seconds and then ends by itself: a hint in Redis. Without Redis nothing of the kind is so."""

from collections.abc import Callable, Iterable, Mapping

from django.core.cache import cache

from events.patience import asked

WITHOUT = "nothing fades without Redis"


def begin(name: str, value: str, *, seconds: int, is_over: Callable[[str], bool] = lambda _: False) -> tuple[str, bool]:
    """Let something be so for some seconds from now on, or go on for so long.

    Args:
        is_over: Whether what was begun with a value is over by now, though it has not faded: then it begins anew.

    Returns:
        The value that it was begun with, and whether it was begun by this.
    """

    def ask() -> tuple[str, bool]:
        if cache.add(name, value, timeout=seconds):
            return value, True
        known = cache.get(name)
        if known is None or is_over(str(known)):
            cache.set(name, value, timeout=seconds)
            return value, True
        cache.touch(name, seconds)
        return str(known), False

    return asked(ask, (value, True), told=WITHOUT)


def end(name: str) -> None:
    """It is so no more."""
    asked(lambda: cache.delete(name), False, told=WITHOUT)


def lasting(names: Iterable[str]) -> Mapping[str, str]:
    """Those of some things that are so now, with the values that they were begun with."""
    found: Mapping[str, str] = asked(lambda: cache.get_many(list(names)), {}, told=WITHOUT)
    return found
