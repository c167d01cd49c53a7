"""What a browser sent, read strictly: nothing is guessed, mended or cut short."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl
from uuid import UUID

from django.http import HttpRequest

MOST_BYTES = 64 * 1024
MOST_FIELDS = 200
FORM = "application/x-www-form-urlencoded"
LONGEST_REV = 60
CANONICAL_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ADDRESS = "reminder_email"
PRIVATE = frozenset({ADDRESS})
"""What is kept apart from everything else, so that not even a hash of a form may tell it."""
OWN_FIELDS = frozenset({"key", "rev", "csrfmiddlewaretoken"})


class FormError(Exception):
    """The body is no form of ours. `status` is the answer's, `code` is for programs, the text for the log."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Form:
    """One submission: under which key, from which page, with which answers."""

    key: UUID
    rev: str
    data: Mapping[str, str]


def read_form(request: HttpRequest) -> Form:
    """The submission in a request.

    Raises:
        FormError: 415 "not_a_form", "not_utf8"; 413 "too_large"; 400 "not_text", "too_many", "repeated", "no_key",
            "no_rev".
    """
    pairs = read_pairs(request)
    rev = pairs.get("rev", "")
    if not 0 < len(rev) <= LONGEST_REV or not rev.isascii():
        raise FormError(400, "no_rev", "the form does not say which page it is from")
    data = {name: value for name, value in pairs.items() if name not in OWN_FIELDS}
    return Form(key=_key(pairs.get("key", "")), rev=rev, data=data)


def read_pairs(request: HttpRequest) -> dict[str, str]:
    """Names and values of a urlencoded body, each name once. Raises FormError as `read_form`."""
    if request.content_type != FORM:
        raise FormError(415, "not_a_form", "the body is not a urlencoded form")
    if (request.content_params or {}).get("charset", "utf-8").lower() != "utf-8":
        raise FormError(415, "not_utf8", "the body says that it is not UTF-8")
    if len(request.body) > MOST_BYTES:
        raise FormError(413, "too_large", f"the body has more than {MOST_BYTES} bytes")
    pairs = _decoded(request.body)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise FormError(400, "repeated", "a name stands twice in the form")
    return found


def _decoded(body: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError as error:
        raise FormError(400, "not_text", "the body is not UTF-8") from error
    except ValueError as error:
        raise FormError(400, "too_many", f"the form has more than {MOST_FIELDS} fields") from error
    if any("\0" in part for pair in pairs for part in pair):
        raise FormError(400, "not_text", "the body has a NUL character, which PostgreSQL cannot store")
    return pairs


def _key(raw: str) -> UUID:
    if not CANONICAL_UUID.fullmatch(raw):  # UUID() also takes braces, "urn:" and the digits of every script
        raise FormError(400, "no_key", "the form has no key, or one that is no UUID")
    return UUID(raw)
