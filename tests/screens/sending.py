"""Everything in an answer that a browser is sent, piece by piece: headers, cookies, comments, names, values, words."""

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from secrets import token_hex
from typing import Any

from django.http.response import HttpResponseBase
from django.test import Client

# What the language of pages itself is made of: no author chose these words.
OF_HTML = frozenset({"type", "class", "rel", "role"})
WORDS_OF_HTML = frozenset({"robots"})


class Everything(HTMLParser):
    """Collects each text, comment and value of a page, and each name of an attribute that is ours."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [name for name, _ in attrs if name.startswith("data-")]
        self.found += [value for name, value in attrs if value and name not in OF_HTML and value not in WORDS_OF_HTML]

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(data)

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)


def in_html(html: str) -> list[str]:
    """All that a page says or holds, hidden fields included."""
    reader = Everything()
    reader.feed(html)
    reader.close()
    return [text for text in reader.found if text.strip()]


def in_answer(answer: HttpResponseBase) -> Iterator[str]:
    """All that an answer says or holds."""
    for name, value in answer.headers.items():
        yield f"{name}: {value}"
    for cookie in answer.cookies.values():
        yield cookie.OutputString()
    body = b"".join(answer).decode()
    yield from in_html(body) if "html" in answer.headers.get("Content-Type", "") else [body]


def spaced(text: str) -> str:
    """A text with names taken apart: of `in_trust` the second word is read, too."""
    return re.sub(r"[_/-]", " ", text)


class Listening(Client):
    """A browser that keeps every answer, by what was asked and what became of it."""

    # Other tests of this worker may have used up their address.
    address = f"listening-{token_hex(8)}"

    def __init__(self, heard: dict[str, list[str]], **settings: Any) -> None:
        headers = {"host": "localhost"}
        super().__init__(raise_request_exception=False, headers=headers, REMOTE_ADDR=self.address, **settings)
        self.heard = heard

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        path = re.sub(r"/j/.+", "/j/…", str(request.get("PATH_INFO", "")))
        name = f"{request.get('REQUEST_METHOD')} {path} {answer.status_code} ({len(self.heard)})"
        self.heard[name] = [*in_answer(answer)]
        return answer


def found_in(heard: Mapping[str, list[str]], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """By answer, every piece in which a pattern stands."""
    pieces = {name: [text for text in texts if pattern.search(spaced(text))] for name, texts in heard.items()}
    return {name: texts for name, texts in pieces.items() if texts}
