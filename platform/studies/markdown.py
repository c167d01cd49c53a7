"""Researchers' Markdown as safe HTML, with slots for numbers. No raw HTML, no pictures from elsewhere."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from html import unescape
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from studies import grammar
from studies.problems import StudyError

_SLOT = re.compile(r"\{\{([^{}]*)\}\}")
_HEADING = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]+?)[ \t#]*(?:\n|\Z)")
_TAGS = {
    "h1", "h2", "h3", "h4", "p", "br", "hr", "em", "strong", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img",
    "table", "thead", "tbody", "tr", "th", "td", "details", "summary",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
# What is read on request: a paragraph "::: How it works" begins it, and a paragraph ":::" ends it.
_FOLD, _END_OF_FOLD = re.compile(r"<p>:::[ \t]+([^\n]+?)</p>"), re.compile(r"<p>:::</p>")
# The content security policy refuses style attributes, so how a column is aligned is left to the style sheet.
_reader = MarkdownIt("commonmark", {"html": False}).enable("table")
# Within a line, so that what stands on both sides of such a tag may be one word.
_INLINE = re.compile(r"</?(?:em|strong|code|a)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Rendered:
    """A page's heading as plain text (empty where the file has none) and the rest as safe HTML."""

    title: str
    html: SafeString


def render(text: str, slots: Mapping[str, object]) -> SafeString:
    """Markdown to safe HTML; `{{ name }}` and `{{ 3 * name }}` become plain values.

    Raises:
        StudyError: "slot_unknown" and the other codes of `studies.grammar`; never after a successful check.
    """
    found: list[str] = []
    token = f"slot{hashlib.sha256(text.encode()).hexdigest()[:16]}n"  # a text cannot contain its own hash

    def keep(match: re.Match[str]) -> str:
        found.append(plain(grammar.parse(match[1]).value(slots)))
        return f"{token}{len(found) - 1}z"

    # Values enter after Markdown, so a star in one is a star, and before cleaning, so an address in one is checked.
    html = _html(_SLOT.sub(keep, text))
    html = re.sub(rf"{token}(\d+)z", lambda match: escape(found[int(match[1])]), html)
    return mark_safe(_clean(html))  # noqa: S308  cleaned one line above


def render_page(text: str, slots: Mapping[str, object]) -> Rendered:
    """A whole page: the first-level heading that it begins with, and everything after it."""
    heading = _HEADING.match(text)
    if heading is None:
        return Rendered("", render(text, slots))
    return Rendered(fill(heading["title"], slots), render(text[heading.end() :], slots))


def fill(text: str, slots: Mapping[str, object]) -> str:
    """Plain text with its slots filled: for labels and headings, which templates escape.

    Raises:
        StudyError: as `render`.
    """
    return _SLOT.sub(lambda match: plain(grammar.parse(match[1]).value(slots)), text)


def visible(html: str) -> str:
    """The words of safe HTML as somebody reads them, one space between any two: how the record of pages keeps them."""
    return " ".join(unescape(_TAG.sub(" ", _INLINE.sub("", html))).split())


def unfilled(text: str) -> Rendered:
    """A page as `render_page` reads it, its slots left as they are: `{{ expression }}` stands for the value to come.

    The words are plain text, as `visible` gives them.
    """
    heading = _HEADING.match(text)
    title, body = (heading["title"], text[heading.end() :]) if heading else ("", text)
    found: list[str] = []
    token = f"slot{hashlib.sha256(body.encode()).hexdigest()[:16]}n"

    def keep(match: re.Match[str]) -> str:
        found.append(f"{{{{ {match[1].strip()} }}}}")
        return f"{token}{len(found) - 1}z"

    words = visible(_clean(_html(_SLOT.sub(keep, body))))
    words = re.sub(rf"{token}(\d+)z", lambda match: found[int(match[1])], words)
    named = _SLOT.sub(lambda match: f"{{{{ {match[1].strip()} }}}}", title)
    return Rendered(" ".join(named.split()), SafeString(words))


def slot_expressions(text: str) -> list[tuple[int, str]]:
    """What stands between the braces, in order, each with its line, from 1."""
    return [(text.count("\n", 0, match.start()) + 1, match[1]) for match in _SLOT.finditer(text)]


def slot_names(text: str) -> set[str]:
    """Every name in a text's slots; of a slot that cannot be read, none."""
    found: set[str] = set()
    for _, said in slot_expressions(text):
        with suppress(StudyError):
            found |= grammar.parse(said).names
    return found


def stray_braces(text: str) -> list[int]:
    """Lines with double braces that make no slot: a brace was forgotten."""
    rest = _SLOT.sub(lambda match: "\n" * match[0].count("\n"), text)
    return [number for number, line in enumerate(rest.splitlines(), start=1) if "{{" in line or "}}" in line]


def plain(value: Any) -> str:
    """A value as people read it: 30 and not 30.0, 0.10 as it was written, yes and no for truth values."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


@lru_cache(maxsize=512)
def _html(text: str) -> str:
    html = str(_reader.render(text))
    if len(_FOLD.findall(html)) != len(_END_OF_FOLD.findall(html)):
        return html  # what has no end is shown as it stands
    return _END_OF_FOLD.sub("</details>", _FOLD.sub(r"<details><summary>\1</summary>", html))


@lru_cache(maxsize=512)  # a page is made for the record of what it tells, and again for each who looks at it
def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter,
        url_schemes={"https", "http", "mailto", "tel", "sms"},
    )


def _filter(tag: str, attribute: str, value: str) -> str | None:
    """Keep pictures of our own server only: any other would tell a stranger who takes part."""
    is_own = value.startswith("/static/") and ".." not in value
    return value if (tag, attribute) != ("img", "src") or is_own else None
