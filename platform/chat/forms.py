"""What a talk asks of a seat, and what an answer means as an entry. Pure: fields in, fields out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later

from chat.channels import Draft
from chat.contacts import found
from paradigm import Chat, Choice, Document, Feed, Field, FieldError, Option, Text

MORE, READY, LEFT = "more", "ready", "left"
UP, DOWN = "up", "down"
ENTRIES = "entries"  # what a policy may give in place of the fields: several entries at once
MESSAGE, THEN = "message", "then"
CONTACT = "contact"  # why a message was held back
HELD_BACK = later(
    "This was not sent. It seems to have an e-mail address, a phone number, a link or a name on another service. "
    "Please take it out. Here nobody tells how they can be found."
)


@dataclass(frozen=True)
class Finish(Choice):
    """Whether one is ready to go on: a choice for programs, and for people a quiet button beside the one that sends."""

    kind: ClassVar[str] = "finish"

    def parse(self, raw: Any) -> str:
        """Leaving is always possible, and offered to nobody as something that a program might pick."""
        return LEFT if raw == LEFT else super().parse(raw)


@dataclass(frozen=True)
class Message(Text):
    """Words to others, without contact details."""

    def parse(self, raw: Any) -> str:
        text = super().parse(raw)
        if kinds := found(text):
            raise FieldError(CONTACT, HELD_BACK, kinds=", ".join(kinds))
        return text


def fields_of(
    channel: Chat | Feed | Document,
    *,
    max_chars: int,
    min_chars: int = 0,
    targets: Sequence[int] = (),
    may_end: bool = True,
    holds_contacts: bool = False,
) -> list[Field]:
    """The fields of one contribution: the words, what they are for, and whether one is ready to go on.

    Args:
        targets: Numbers of the entries a comment or vote may be about, as shown.
        may_end: Whether one may be ready already.
        holds_contacts: Whether words with contact details are refused.
    """
    kind = Message if holds_contacts else Text
    words = kind(name=MESSAGE, label=_("Your message"), required=False, max_chars=max_chars, min_chars=min_chars)
    then = [Option(MORE, _("I may say more")), Option(READY, _("I am ready to go on"))]
    last = Finish(name=THEN, label=_("And then"), required=False, options=then)
    return [*_before(channel, targets), words, *([last] if may_end else [])]


def _before(channel: Chat | Feed | Document, targets: Sequence[int]) -> list[Field]:
    if isinstance(channel, Document) and len(channel.sections) > 1:
        sections = [Option(name, name) for name in channel.sections]
        return [Choice(name="section", label=_("Part of the text"), required=False, options=sections)]
    if isinstance(channel, Feed) and targets:
        acts = [
            Option("post", _("Write a post")), Option("comment", _("Write a comment")),
            Option(UP, _("Vote for it")), Option(DOWN, _("Vote against it")),
        ]  # fmt: skip
        numbers = [Option(str(seq), _("Number %(number)s") % {"number": seq}) for seq in targets]
        return [
            Choice(name="do", label=_("What would you like to do?"), required=False, options=acts),
            Choice(name="to", label=_("About which one?"), required=False, options=numbers),
        ]
    return []


def rules(holds_contacts: bool) -> list[str]:
    """What everybody in a conversation keeps to, in the language of the page; the same whoever sits there."""
    no_details = _(
        "Do not tell how you can be found: no address, phone number, link or name on another service. "
        "A message with one is not sent."
    )
    leaving = _("You may leave the conversation at any moment. Your pay stays the same.")
    return [_("Be kind. No insults and no threats."), *([no_details] if holds_contacts else []), leaving]


def said(channel: Chat | Feed | Document, values: Mapping[str, Any]) -> Draft | None:
    """The entry that cleaned values stand for; None when one only says to be ready, or leaves.

    Raises:
        FieldError: something that belongs to it is missing.
    """
    if values.get(THEN) == LEFT:
        return None
    words = str(values.get(MESSAGE) or "")
    vote = {UP: 1, DOWN: -1}.get(values.get("do") or "")
    if not words and vote is None:
        if values.get(THEN) == READY:
            return None
        raise FieldError("missing", later("Please write something, or say that you are ready."))
    if isinstance(channel, Document):
        return Draft("edit", words, {"section": values.get("section") or channel.sections[0]})
    if isinstance(channel, Feed):
        return _posted(words, vote, values)
    return Draft("message", words, {})


def listed(values: Mapping[str, Any]) -> list[Draft]:
    """The entries that a policy gives: {"entries": [{"kind", "text", "facts"}, …]}. The channel checks each."""
    return [Draft(each["kind"], each.get("text", ""), each.get("facts", {})) for each in values[ENTRIES]]


def _posted(words: str, vote: int | None, values: Mapping[str, Any]) -> Draft:
    kind = "vote" if vote else values.get("do") or "post"
    if kind == "post":
        return Draft("post", words, {})
    if not values.get("to"):
        raise FieldError("missing", later("Please say which one you mean."))
    to = {"to": int(values["to"])}
    return Draft("vote", "", {**to, "value": vote}) if vote else Draft("comment", words, to)
