"""What somebody reads on a page that was served: the words of its main part."""

from html.parser import HTMLParser

WITHIN_A_WORD = {"em", "strong", "code", "a"}
EMPTY = {"br", "hr", "img", "input", "meta", "link"}
NOT_PART = {"note", "problems", "error", "unseen", "worked"}
"""Notes and refusals come and go on one page, what is unseen is only spoken, and a worked example is one's own."""


class _Main(HTMLParser):
    """Collects the words inside <main>, parts of `NOT_PART` apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.kind = ""
        self._inside = 0  # how many elements deep inside <main>
        self._silent = 0  # the same of what is not part
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.kind = said.get("data-kind") or self.kind
        self._space(tag)
        if tag in EMPTY:
            return
        if self._inside or tag == "main":
            self._inside += 1
        names = {*(said.get("class") or "").split(), said.get("id")}
        if self._silent or (self._inside and names & NOT_PART):
            self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        self._space(tag)
        self._silent -= bool(self._silent)
        self._inside -= bool(self._inside)

    def handle_data(self, data: str) -> None:
        if self._inside and not self._silent:
            self.words.append(data)

    def _space(self, tag: str) -> None:
        if tag not in WITHIN_A_WORD:
            self.words.append(" ")


def words_in(html: str) -> str:
    """The words of a page's main part, one space between any two."""
    return " ".join("".join(_Main(html).words).split())


def kind_of(html: str) -> str:
    """Of the page: text, match, waiting, end."""
    return _Main(html).kind
