"""What a page says, read from its HTML as a browser would: nothing is known here but what participants are sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

CHOSEN = frozenset({"radio", "checkbox"})
ZONE_PAGE = "/s/zone"  # where one says that one's clock shows another time


@dataclass
class Asked:
    """One thing a form asks for.

    Attributes:
        name: The name under which it is sent.
        kind: The control: "radio", "checkbox", "select", "number", "text" or "textarea".
        values: What may be picked, in the order shown.
        low: Least number, where the control names one.
        high: Greatest number.
        most: Most characters, 0 without a limit; `least`: the fewest, unless it is left out.
        required: Whether the control says that it must not stay empty; radio buttons never say so.
    """

    name: str
    kind: str
    values: list[str] = field(default_factory=list)
    low: int = 0
    high: int = 0
    most: int = 0
    least: int = 0
    required: bool = False


@dataclass(frozen=True)
class Line:
    """One line of a talk: its number, who said it ("": oneself), and the words."""

    seq: int
    who: str
    text: str


@dataclass
class Shown:
    """A page as read: where it stands, what it says and asks, what may be pressed.

    Attributes:
        kind: "text", "waiting", "match" or "end"; empty on the landing page.
        rev: What the form answers to.
        digest: Changes with every word of a page that waits.
        identity: The same for two revisions of one page.
        title: The heading.
        hidden: What the form sends unseen: key, rev, the token against forgery.
        asked: By name.
        button: Whether there is a primary button.
        buttons: Name and value of each quiet button.
        is_over: Whether an exit has been reached.
        is_live: Whether the page follows the socket.
        code: The completion code.
        text: The words of the page itself, one line per stretch of text; what stands around it apart.
        poll_seconds: How soon to ask for news when no socket is open.
        seconds_left: Until the page's limit, to a tenth; None without one.
        links: Where the page itself leads besides.
        opens_in: Between two visits: seconds until the next can be begun; `closes_in`: until it cannot be any more.
        socket: Where the page's script connects; only whole documents say so.
        talk: The name of an open conversation whose messages go through the socket.
        last_seq: The number of the newest line of a talk; `said`: how many lines are one's own.
        drawn: How much had been said when the page was drawn, as it says itself; empty where it says nothing.
        tells_typing: Whether the others see that somebody types here.
    """

    kind: str = ""
    rev: str = ""
    digest: str = ""
    identity: str = ""
    title: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    button: bool = False
    buttons: list[tuple[str, str]] = field(default_factory=list)
    is_over: bool = False
    is_live: bool = False
    code: str = ""
    text: str = ""
    poll_seconds: int = 3
    seconds_left: float | None = None
    socket: str = ""
    links: list[str] = field(default_factory=list)
    opens_in: float | None = None
    closes_in: float | None = None
    talk: str = ""
    last_seq: int = 0
    said: int = 0
    drawn: str = ""
    tells_typing: bool = False

    def joined(self, lines: Iterable[Line]) -> "Shown":
        """The page with those lines at its end that come next; what stands on it, or comes after a gap, is left out."""
        page = self
        for line in lines:
            if line.seq == page.last_seq + 1:
                words = f"{page.text}\n{line.who}\n{line.text}" if line.who else f"{page.text}\n{line.text}"
                page = replace(page, text=words, last_seq=line.seq, said=page.said + (not line.who))
        return page

    def offers(self, name: str) -> bool:
        """Whether a quiet button of this name may be pressed."""
        return any(one == name for one, _ in self.buttons)


def read(html: str) -> Shown:
    """What a page or a fragment of one says. Never fails: what is no page of ours reads as an empty one."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    page = reader.page
    page.title, page.code = page.title.strip(), page.code.strip()
    page.text = "\n".join(reader.lines)
    return page


class _Reader(HTMLParser):
    """Collects what `Shown` names; `_inside` is the open element whose words have a place of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Shown()
        self.lines: list[str] = []
        self._inside = ("", "")  # tag, attribute of the page that its words belong to
        self._in_main = False
        self._select: Asked | None = None  # whose options are being read
        self._is_beside = False  # in a form that is no answer to the page: it only asks

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        match at.get("id", ""):
            case "page":
                self._page(at)
            case "title" | "code" as place:
                self._inside = (tag, place)
            case "time":
                self.page.seconds_left = _seconds(at.get("data-seconds"))
            case "visit":
                self.page.opens_in = _seconds(at.get("data-opens-seconds"))
                self.page.closes_in = _seconds(at.get("data-closes-seconds"))
        self._talk(tag, at)
        self._is_beside |= tag == "form" and at.get("method", "") == "get"
        if tag == "body":
            self.page.socket = at.get("data-socket", "")
        self._in_main |= tag == "main"
        if self._in_main and tag == "a" and at.get("href"):
            self.page.links.append(at["href"])
        if tag in {"input", "textarea", "select", "button"} and not self._is_beside:
            self._control(tag, at)
        if tag == "select":
            self._select = self.page.asked.get(at.get("name", ""))
        elif tag == "option" and self._select is not None and at.get("value"):
            self._select.values.append(at["value"])

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside[0]:
            self._inside = ("", "")
        self._in_main &= tag != "main"
        self._is_beside &= tag != "form"

    def handle_data(self, data: str) -> None:
        place = self._inside[1]
        if place:
            setattr(self.page, place, getattr(self.page, place) + data)
        if self._in_main and data.strip():
            self.lines.append(" ".join(data.split()))

    def _page(self, at: Mapping[str, str]) -> None:
        page = self.page
        page.kind, page.rev = at.get("data-kind", ""), at.get("data-rev", "")
        page.digest, page.identity = at.get("data-digest", ""), at.get("data-identity", "")
        page.is_over, page.is_live = at.get("data-over") == "yes", at.get("data-live") == "yes"
        page.poll_seconds = _number(at.get("data-poll-seconds")) or page.poll_seconds
        page.drawn = at.get("data-drawn", "")

    def _talk(self, tag: str, at: Mapping[str, str]) -> None:
        page = self.page
        if "data-log" in at:
            page.talk = at.get("data-talk", "")
        if tag == "li" and "data-seq" in at:
            page.last_seq = max(page.last_seq, _number(at["data-seq"]) or 0)
            page.said += at.get("class", "") == "mine"
        page.tells_typing |= "data-typing" in at

    def _control(self, tag: str, at: Mapping[str, str]) -> None:
        name, kind = at.get("name", ""), at.get("type", "")
        if kind == "hidden":
            self.page.hidden[name] = at.get("value", "")
        elif "data-finish" in at:  # a choice that is drawn as a button: to press it, or only to send
            self.page.asked[name] = Asked(name, "radio", values=["more", at.get("value", "")])
        elif tag == "button":
            self.page.button |= kind == "submit" and not name
            self.page.buttons += [(name, at.get("value", ""))] if kind == "submit" and name else []
        elif name:
            self._asked(self.page.asked.setdefault(name, Asked(name, kind or tag)), at)

    def _asked(self, asked: Asked, at: Mapping[str, str]) -> None:
        asked.values += [at.get("value", "on")] if asked.kind in CHOSEN else []
        asked.low, asked.high = _number(at.get("min")) or 0, _number(at.get("max")) or 0
        asked.most = _number(at.get("data-max")) or 0
        asked.least = _number(at.get("data-min")) or 0
        asked.required |= "required" in at


def _seconds(text: str | None) -> float | None:
    """Seconds with at most one decimal, or None for what is none."""
    whole, _, tenths = (text or "").partition(".")
    if _number(whole) is None or (tenths and _number(tenths) is None):
        return None
    return float(text or "")


def _number(text: str | None) -> int | None:
    """A whole number, or None for what is none."""
    digits = (text or "").removeprefix("-")
    return int(text or "") if digits.isascii() and digits.isdigit() else None
