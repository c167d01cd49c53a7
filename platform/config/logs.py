"""One JSON object per log line, holding facts only: no names, tokens, query strings, bodies or raw paths.

A line of our own loggers carries `extra={"facts": {...}}`. A line of a library keeps its message *template*, never the
arguments (they hold paths and payloads), and an exception keeps its type and its frames, never its text (PostgreSQL
quotes the offending values in it).
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from config.places import ROOT

MOST_FRAMES = 12
REFUSALS = "django.security."


class JsonFormatter(logging.Formatter):
    """Writes {"at", "level", "logger", "event", ...facts, "error", "where"}."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line |= described(record.exc_info[0], record.exc_info[1], record.exc_info[2])
        return json.dumps(line, default=str, ensure_ascii=False)


class CalmAboutRefusals(logging.Filter):
    """What Django refuses for safety's sake, such as a body too large, is the sender's doing: no error of ours.

    Its message may quote what was sent, so only the kind of the refusal is kept, and the code of the request.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass; one of `django.security.*` at INFO and without frames."""
        if record.name.startswith(REFUSALS):
            code = getattr(getattr(record, "request", None), "rapport_code", "")
            record.facts = {"refusal": record.name.removeprefix(REFUSALS), "code": code}
            record.msg, record.args, record.exc_info = "request refused", (), None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


def described(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> dict[str, Any]:
    """Describe an exception without its text: type, our machine-readable code if it has one, innermost frames last."""
    frames = traceback.extract_tb(trace)[-MOST_FRAMES:]
    where = [f"{frame.filename.removeprefix(f'{ROOT}/')}:{frame.lineno} {frame.name}" for frame in frames]
    code = getattr(error, "code", None)
    return {"error": kind.__name__, "where": where} | ({"error_code": str(code)} if code else {})


def logging_settings(*, level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to standard error as JSON, libraries from WARNING up."""
    quiet = {"level": "CRITICAL", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
        "filters": {"calm": {"()": "config.logs.CalmAboutRefusals"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["calm"]}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "rapport": {"level": level},
            # Django's own lines repeat the raw path; config.middleware writes one line per request instead.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": quiet,
            "django.server": quiet,
            "django.channels.server": quiet,
        },
    }
