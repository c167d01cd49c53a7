"""Gunicorn's own log, in our JSON."""

import logging
import sys
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from config.logs import JsonFormatter

INVALID = "Invalid request"


class NoAddresses(logging.Filter):
    """Keeps only the beginning of the line about a request that cannot be read.

    Gunicorn writes the sender's address and a part of the request into the message itself.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, cut."""
        if str(record.msg).startswith(INVALID):
            record.msg, record.args = INVALID, ()
        return True


class JsonLogger(Logger):  # type: ignore[misc, unused-ignore]
    """Gunicorn's error log as JSON; its access log stays off."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers, whose lines quote the raw path of a failed request."""
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        handler.addFilter(NoAddresses())
        self.error_log.handlers = [handler]
        self.error_log.propagate = False
