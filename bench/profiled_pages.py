"""The pages under cProfile, for a gunicorn with one worker and one thread; writes PROFILE_FILE when the worker ends."""

import atexit
import cProfile
import os
import time
from collections.abc import Callable, Iterable
from typing import Any

from config.wsgi import application as pages

profile = cProfile.Profile(time.thread_time)
atexit.register(lambda: profile.dump_stats(os.environ["PROFILE_FILE"]))


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request; what gunicorn itself does is outside."""
    profile.enable()
    try:
        return pages(environ, start_response)
    finally:
        profile.disable()
