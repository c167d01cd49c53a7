"""A page as it was sent, made to stand among others in one document: no scripts, nothing to send, ids of its own."""

from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser

from screens.reading import VOID_TAGS, attributes_of

# What would be a second of its kind in one document, and what it becomes.
RENAMED = {"main": "div", "header": "div", "footer": "div", "h1": "div", "h2": "div", "h3": "div", "h4": "div"}
LEVELS = {"h1": "4", "h2": "5", "h3": "6", "h4": "6"}  # below the caption of the screen
GONE = frozenset({"script", "style", "noscript", "template", "link", "meta"})
# What acts, announces, or points out of the document.
DROPPED = frozenset({"action", "method", "role", "tabindex", "autocomplete", "novalidate", "aria-live", "required"})
POINTING = frozenset({"id", "for", "aria-describedby", "aria-labelledby"})
TABLE_ROLES = frozenset({"table", "row", "rowgroup", "columnheader", "cell", "radiogroup"})


def still(html: str, *, mark: str) -> str:
    """The body of a page.

    Args:
        html: The whole document as it was sent.
        mark: Goes before every id, so that no two pages share one.
    """
    start = "page" if 'id="page"' in html else "main"
    maker = _Still(mark, start)
    maker.feed(html)
    maker.close()
    return "".join(maker.parts)


class _Still(HTMLParser):
    """Writes the element with the wanted id, or the first `main`, and what is in it."""

    def __init__(self, mark: str, start: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._mark, self._start = mark, start
        self._depth = 0  # how deep in the wanted element; 0 outside
        self._gone = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = attributes_of(attrs)
        if not self._depth and self._start not in (at.get("id"), tag):
            return
        if self._gone or tag in GONE:
            self._gone += tag not in VOID_TAGS
            self._depth += tag not in VOID_TAGS
            return
        self._depth += tag not in VOID_TAGS
        if at.get("type") == "hidden":
            return
        kept = " ".join(f'{name}="{escape(value)}"' for name, value in self._kept(tag, at))
        self.parts.append(f"<{RENAMED.get(tag, tag)}{' ' if kept else ''}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if not self._depth or tag in VOID_TAGS:
            return
        self._depth -= 1
        if self._gone:
            self._gone -= 1
            return
        self.parts.append(f"</{RENAMED.get(tag, tag)}>")
        if not self._depth:
            self._start = "\0"  # one is enough

    def handle_data(self, data: str) -> None:
        if self._depth and not self._gone:
            self.parts.append(escape(data, quote=False))

    def _kept(self, tag: str, at: dict[str, str]) -> Sequence[tuple[str, str]]:
        found = [(name, self._marked(name, value)) for name, value in at.items() if self._stays(tag, name, value)]
        if tag in LEVELS:
            found = [*(one for one in found if one[0] != "class"), ("class", f"{tag} {at.get('class', '')}".strip())]
            found += [("role", "heading"), ("aria-level", LEVELS[tag])]
        if tag == "button":
            found.append(("type", "button"))
        return [*found, ("open", "")] if tag == "details" else found

    def _stays(self, tag: str, name: str, value: str) -> bool:
        if name == "role":
            return value in TABLE_ROLES
        if name == "aria-label":  # a name needs a role that is there
            return at_home(tag)
        if name == "href":
            return value.startswith(("#", "mailto:"))
        return name not in DROPPED and not name.startswith("on") and (name, tag) != ("type", "button")

    def _marked(self, name: str, value: str) -> str:
        if name in POINTING:
            return " ".join(f"{self._mark}-{one}" for one in value.split())
        return f"#{self._mark}-{value[1:]}" if name == "href" and value.startswith("#") else value


def at_home(tag: str) -> bool:
    """Whether an element may be named without a role."""
    return tag in {"ol", "ul", "input", "textarea", "button", "fieldset", "table", "a"}
