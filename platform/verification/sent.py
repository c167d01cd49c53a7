"""What a form of a game must have become: the values of an act, or an entry of a talk and whether one is ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chat import forms
from chat.channels import Draft, channel_for
from chat.errors import ChatError
from chat.terms import lengths_of
from exports.redaction import strings_in
from flow.kinds import VOID_PATH
from flow.models import Act, Match
from paradigm import Decision, Field, FieldError, Talk
from paradigm.fields import clean
from paradigm.program import step_at
from participants.models import PURGED_TEXT, WITHDRAWN_TEXT
from verification.story import Past, Story


class UnreadableError(Exception):
    """The answers do not fit what was asked, so nothing can have been made of them."""


def decided(
    story: Story, match: Match, act: Act, *, opened: Sequence[str], data: Mapping[str, str]
) -> Mapping[str, Any]:
    """The values of the act that a form stands for, read as the seat met its fields. Raises UnreadableError.

    Args:
        opened: The paths of the match's steps, in order.
    """
    step = None if act.path == VOID_PATH else step_at(story.game.experiment.steps, act.path)
    if not isinstance(step, Decision):
        return {}
    state = Past(story, match, opened=opened[: opened.index(act.path) + 1], path=act.path, before=act)
    return _cleaned(state.fields_of(step, state.place(act.seat)), data)


def said(story: Story, talk: Talk, *, entries: int, data: Mapping[str, str]) -> tuple[Draft | None, bool]:
    """The entry that a form of a talk stands for, if any, and whether its seat ends it. Raises UnreadableError.

    Args:
        entries: How many the talk has: one may be about any of them.
    """
    least, most = lengths_of(talk, story.game.parameters)
    asked = forms.fields_of(talk.channel, max_chars=most, min_chars=least, targets=range(1, entries + 1))
    values = _cleaned(asked, data)
    try:
        draft = forms.said(talk.channel, values)
        if draft is not None:
            draft = channel_for(talk.channel, most, min_chars=least).draft(draft.kind, draft.text, draft.facts)
    except (FieldError, ChatError) as error:
        raise UnreadableError(error.code) from error
    return draft, values.get(forms.THEN) in (forms.READY, forms.LEFT)


def is_marked(values: Mapping[str, Any]) -> bool:
    """Whether words were taken out: they repeated somebody whose data are deleted, or their time was over."""
    return any(mark in text for text in strings_in(values) for mark in (WITHDRAWN_TEXT, PURGED_TEXT))


def _cleaned(fields: Sequence[Field], data: Mapping[str, str]) -> Mapping[str, Any]:
    values, errors = clean(fields, data)
    if errors:
        raise UnreadableError(", ".join(f"{key}: {error.code}" for key, error in sorted(errors.items())))
    return values
