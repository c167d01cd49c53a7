"""Log lines hold facts and nothing private."""

import io
import json
import logging
import socket
import sys
from types import SimpleNamespace

import pytest
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.core.handlers.exception import response_for_exception
from django.test import RequestFactory
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.errors import LimitRequestLine  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

from config.gunicorn_log import JsonLogger
from config.logs import JsonFormatter, logging_settings


def _line(
    message: str, *arguments: object, facts: dict[str, object] | None = None, failed: bool = False
) -> dict[str, object]:
    record = logging.LogRecord(
        "any.library", logging.WARNING, __file__, 1, message, arguments, sys.exc_info() if failed else None
    )
    if facts is not None:
        record.facts = facts
    text = JsonFormatter().format(record)
    assert "\n" not in text
    parsed: dict[str, object] = json.loads(text)
    return parsed


def test_facts_become_fields() -> None:
    line = _line("turn", facts={"call": 7, "took_ms": 12.5})
    assert (line["event"], line["call"], line["took_ms"], line["level"]) == ("turn", 7, 12.5, "warning")


def test_arguments_of_a_library_are_not_written() -> None:
    line = _line("Not Found: %s", "/s/secret-token")
    assert line["event"] == "Not Found: %s"
    assert "secret-token" not in json.dumps(line)


def test_exception_keeps_type_and_frames_but_no_text() -> None:
    try:
        raise ValueError("Key (email)=(anna@example.org) already exists")
    except ValueError:
        line = _line("failed", failed=True)
    assert line["error"] == "ValueError"
    assert "tests/config/test_logs.py" in str(line["where"])
    assert "anna" not in json.dumps(line)


def test_exception_of_ours_keeps_its_code() -> None:
    class RefusedError(Exception):
        code = "too_long"

    try:
        raise RefusedError("what somebody wrote")
    except RefusedError:
        line = _line("failed", failed=True)
    assert line["error_code"] == "too_long"
    assert "somebody" not in json.dumps(line)


def test_lines_that_repeat_the_raw_path_are_silenced() -> None:
    loggers = logging_settings(level="INFO")["loggers"]
    assert {loggers[name]["level"] for name in ("django.request", "django.server")} == {"CRITICAL"}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the platform's own handler writes."""
    handler = next(each for each in logging.root.handlers if isinstance(each.formatter, JsonFormatter))
    stream = io.StringIO()
    monkeypatch.setattr(handler, "stream", stream)
    return stream


@pytest.mark.django_db  # the link may lead into a study, whose language is spoken
@pytest.mark.parametrize("kind", [RequestDataTooBig, TooManyFieldsSent, DisallowedHost])
def test_refusals_of_django_are_no_errors_of_ours(kind: type[SuspiciousOperation], written: io.StringIO) -> None:
    request = RequestFactory().get("/j/secret-token")
    request.rapport_code = "ABCD2345"  # type: ignore[attr-defined]
    try:
        raise kind("what somebody sent")
    except SuspiciousOperation as error:
        response_for_exception(request, error)
    (line,) = written.getvalue().splitlines()
    said = json.loads(line)
    assert (said["level"], said["event"], said["refusal"]) == ("info", "request refused", kind.__name__)
    assert said["code"] == "ABCD2345"
    assert not {"where", "error"} & set(said)
    assert "somebody" not in line
    assert "secret-token" not in line


def test_request_that_gunicorn_cannot_read_is_logged_without_address(capsys: pytest.CaptureFixture[str]) -> None:
    worker = SimpleNamespace(log=JsonLogger(Config()), cfg=Config())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Worker.handle_error(worker, None, ours, ("203.0.113.77", 4321), LimitRequestLine(5000, 4094))
        assert b"414 URI Too Long" in theirs.recv(1000)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Invalid request"
    assert "203.0.113.77" not in line
