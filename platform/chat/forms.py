"""What a talk asks of a seat, and what an answer means as an entry. Pure: fields in, fields out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later

from chat.channels import Draft
from paradigm import Chat, Choice, Document, Feed, Field, FieldError, Option, Text

MORE, READY = "more", "ready"
UP, DOWN = "up", "down"
ENTRIES = "entries"  # what a policy may give in place of the fields: several entries at once


def fields_of(channel: Chat | Feed | Document, *, max_chars: int, targets: Sequence[int] = ()) -> list[Field]:
    """The fields of one contribution: the words, what they are for, and whether one is ready to go on.

    Args:
        targets: Numbers of the entries a comment or vote may be about, as shown.
    """
    words = Text(name="message", label=_("Your message"), required=False, max_chars=max_chars)
    then = [Option(MORE, _("I may say more")), Option(READY, _("I am ready to go on"))]
    last = Choice(name="then", label=_("And then"), required=False, options=then)
    return [*_before(channel, targets), words, last]


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


def said(channel: Chat | Feed | Document, values: Mapping[str, Any]) -> Draft | None:
    """The entry that cleaned values stand for; None when one only says to be ready.

    Raises:
        FieldError: something that belongs to it is missing.
    """
    words = str(values.get("message") or "")
    vote = {UP: 1, DOWN: -1}.get(values.get("do") or "")
    if not words and vote is None:
        if values.get("then") == READY:
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
