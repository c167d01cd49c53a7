"""Gunicorn's own log, in our JSON."""

import logging
import sys
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from config.logs import JsonFormatter


class JsonLogger(Logger):  # type: ignore[misc, unused-ignore]
    """Gunicorn's error log as JSON; its access log stays off."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers, whose lines quote the raw path of a failed request."""
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        self.error_log.handlers = [handler]
        self.error_log.propagate = False
