"""What is on a page, piece by piece: words, what assistive technology reads, fields, and how it is built.

Left out is what no two pages share (keys, revisions, codes), what only scripts read, and the banner of a trial run,
which the pages of the study itself do not have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

VOID_TAGS = frozenset({"input", "br", "hr", "img", "meta", "link", "col", "wbr"})
INLINE = frozenset({"strong", "em", "b", "i", "code", "br", "a", "u", "small"})
SILENT = frozenset({"script", "style", "noscript"})
READ_OUT = (
    "aria-label",
    "alt",
    "title",
    "placeholder",
    "data-column",
    "href",
    "src",
    "lang",
    "dir",
    "start",
    "colspan",
)
ASKED = frozenset({"input", "textarea", "button", "select", "option"})
OF_FIELDS = (
    "type",
    "name",
    "value",
    "min",
    "max",
    "step",
    "data-max",
    "data-min",
    "rows",
    "required",
    "checked",
    "inputmode",
)
OUR_FILES = frozenset({"link", "script"})  # their names hold the hash of their content
EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
Attributes = Mapping[str, str]


@dataclass(frozen=True)
class Piece:
    """One thing on a page.

    Attributes:
        kind: "words", "attribute", "field", "element", or "meta" for what only programs read.
        text: What it says; of an element its tag and classes.
        within: The elements around it, outermost first, as "tag.class.class".
    """

    kind: str
    text: str
    within: tuple[str, ...] = ()

    def is_in(self, *names: str) -> bool:
        """Whether an element with one of these tags or classes is around it, or is it."""
        around = (*self.within, self.text) if self.kind == "element" else self.within
        return any(name in element.split(".") for element in around for name in names)

    def __str__(self) -> str:
        return self.text if self.kind == "words" else f"[{self.kind}] {self.text}"


def pieces(html: str) -> Sequence[Piece]:
    """Everything on a page, in its order."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.flush()
    return reader.found


def words(html: str) -> list[str]:
    """The words that somebody could read or hear on a page, the tab's included."""
    return [piece.text.replace("*", "") for piece in pieces(html) if piece.kind in ("words", "attribute")]


def is_banner(tag: str, at: Attributes) -> bool:
    """Whether an element is the banner of a trial run."""
    return tag == "aside" and "banner" in at.get("class", "").split()


def attributes_of(attrs: Sequence[tuple[str, str | None]]) -> dict[str, str]:
    """Attributes with a value each; those without one have their name."""
    return {name: name if value is None else value for name, value in attrs}


class _Reader(HTMLParser):
    """Turns what a browser would build into pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Piece] = []
        self._open: list[str] = []  # elements around, as "tag.class"
        self._text: list[str] = []
        self._silent = 0  # how many elements around say nothing

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = attributes_of(attrs)
        if self._silent or tag in SILENT or is_banner(tag, at):
            self._silent += tag not in VOID_TAGS
            return
        if tag in ASKED and at.get("type") == "hidden":
            return
        self._text += [EMPHASIS.get(tag, " " if tag == "br" else "")]
        if tag not in INLINE:
            self.flush()
            self._add("element", _named(tag, at))
        self._attributes(tag, at)
        if tag not in VOID_TAGS:
            self._open.append(_named(tag, at))

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silent -= tag not in VOID_TAGS
            return
        self._text += [EMPHASIS.get(tag, "")]
        if tag not in INLINE:
            self.flush()
        if tag not in VOID_TAGS and self._open and self._open[-1].split(".")[0] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append("(a code)" if _is_random(self._open) else data)

    def flush(self) -> None:
        """End the stretch of words."""
        text = " ".join("".join(self._text).split())
        self._text = []
        if text.strip("* "):
            self._add("words", text)

    def _attributes(self, tag: str, at: Attributes) -> None:
        for name in READ_OUT:
            if name in at and tag not in OUR_FILES:
                self._add("attribute", f"{name}={at[name]}")
        if tag == "template":  # what scripts may say
            for name, value in sorted(at.items()):
                if name.startswith("data-"):
                    self._add("attribute", f"{name}={value}")
        if tag == "meta" and at.get("name") != "csrf":
            self._add("meta", " ".join(f"{name}={value}" for name, value in sorted(at.items())))
        if tag in ASKED:
            self._add("field", " ".join([tag, *(f"{name}={at[name]}" for name in OF_FIELDS if name in at)]))

    def _add(self, kind: str, text: str) -> None:
        self.found.append(Piece(kind, text, tuple(self._open)))


def _is_random(around: Sequence[str]) -> bool:
    """Whether the words in an element are drawn anew each time: a code to be quoted."""
    return bool(around) and around[-1] == "strong" and any("code" in element.split(".")[1:] for element in around)


def _named(tag: str, at: Attributes) -> str:
    return ".".join([tag, *at.get("class", "").split()])
