"""The steps a match may take: decide, talk, be shown, repeat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from paradigm.fields import Fields
from paradigm.state import Place, State, Values

Condition = Callable[[State], bool]
WrittenRule = Callable[[Place, State], Values | None]
ENDS = ("all", "any")
PASTES = ("allowed", "recorded", "blocked")
CONTACTS = ("held", "allowed")
TYPING = ("off", "shown")


def always(state: State) -> bool:
    """The step is taken every time."""
    del state
    return True


@dataclass(frozen=True)
class Decision:
    """One or more roles fill in fields. Blind: nobody sees another's act until all are in or time is up.

    `by` is a role with `fields`, or maps roles to their own fields, all acting at once. `seconds` is a number or the
    name of a parameter. `when` says whether the step is taken this time. An act that does not come voids the match
    unless the study file names an imputation, or `voids_match` is False: then the acts are answers, not moves (a belief
    asked beside the game), a missing one is a gap in the data and nothing else, and the payoff may not depend on them:
    it is reckoned as soon as only such answers and pages follow.

    `written` says what a seat does here where that was settled before, as in a script that one of them wrote: it is
    done in its place, and neither its model nor its policy is asked. None, or a rule that gives None: the seat decides.
    Under parameters that let it give anything else no person may sit there.
    """

    name: str
    by: str | Mapping[str, Fields]
    fields: Fields = ()
    seconds: int | str = 60
    blind: bool = True
    when: Condition = always
    voids_match: bool = True
    written: WrittenRule | None = None

    def fields_of(self, role: str) -> Fields:
        """What a role fills in here; empty for roles that wait."""
        if isinstance(self.by, str):
            return self.fields if self.by in (role, "*") else ()
        return self.by.get(role, self.by.get("*", ()))


@dataclass(frozen=True)
class Chat:
    """A conversation between those in the match: messages, and pointing at named things.

    A message has from `min_chars` to `max_chars` characters. `pastes` is what becomes of text that is pasted:
    "allowed", "recorded" (counted) or "blocked" (and counted). `typing` says whether the others see that somebody is
    writing: "off", or "shown" of people and of programs alike. Each may name a parameter instead.
    """

    kind: ClassVar[str] = "chat"
    accepts: ClassVar[tuple[str, ...]] = ("message", "point")
    max_chars: int | str = 2000
    pastes: str = "allowed"
    min_chars: int | str = 0
    typing: str = "off"


@dataclass(frozen=True)
class Feed:
    """Posts, comments and votes, read in pages of `page_size` in the order of a ranking rule."""

    kind: ClassVar[str] = "feed"
    accepts: ClassVar[tuple[str, ...]] = ("post", "comment", "vote")
    max_chars: int | str = 1000
    page_size: int = 20
    ranking: str = "newest"


@dataclass(frozen=True)
class Document:
    """A shared text in named sections; each edit replaces one section, and the document is the fold of its edits."""

    kind: ClassVar[str] = "document"
    accepts: ClassVar[tuple[str, ...]] = ("edit",)
    sections: Sequence[str] = ("text",)
    max_chars: int | str = 4000


@dataclass(frozen=True)
class Talk:
    """Free exchange over a channel; ends when time is up, when every quota is used, or when all are ready.

    `quota` is how many entries each seat may make (0: no limit). `by` names the roles that may speak ("*": all).
    `seconds` is the longest that it may take. Before `min_active_seconds` and `min_turns` entries of one's own nobody
    can end it: the button is not there. A silence counts as active up to `idle_seconds`. `ends` says whether it goes on
    until "all" have ended it, or "any" one of them ends it for all. `contacts`: whether words with an e-mail address,
    a phone number, a link or a name on another service are "held" back or "allowed". Each may name a parameter instead.
    """

    name: str
    channel: Chat | Feed | Document = field(default_factory=Chat)
    by: str | Sequence[str] = "*"
    seconds: int | str = 180
    quota: int | str = 0
    when: Condition = always
    min_active_seconds: int | str = 0
    idle_seconds: int | str = 120
    min_turns: int | str = 0
    ends: str = "all"
    contacts: str = "held"

    @property
    def has_minimum(self) -> bool:
        """Whether there may be a minimum; how much is for the parameters to say."""
        return bool(self.min_active_seconds or self.min_turns)

    def includes(self, role: str) -> bool:
        """Whether a role may speak."""
        return self.by == "*" or role in ([self.by] if isinstance(self.by, str) else self.by)


@dataclass(frozen=True)
class Show:
    """A page without a question; ends when everyone has gone on, or when time is up."""

    name: str
    seconds: int | str = 15
    when: Condition = always


@dataclass(frozen=True)
class Repeat:
    """Steps in a loop: `times` at most (a number, a parameter's name, or computed once), or until a rule says so."""

    name: str
    steps: Sequence[Any]
    times: int | str = 100
    until: Condition | None = None
    when: Condition = always


Step = Decision | Talk | Show | Repeat
Leaf = Decision | Talk | Show
