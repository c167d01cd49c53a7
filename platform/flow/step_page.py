"""The page of a step as it opens for a seat: made for whoever looks at it, and for the record of what was shown."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from flow.page import Page
from flow.queries import page_text, slots_of
from flow.state import MatchState
from flow.step import Asked
from paradigm import Decision, Talk, View
from studies.markdown import render_page


def step_page(state: MatchState, step: Any, view: View, asked: Asked) -> Page:
    """The page of a step that a seat has not acted at.

    Args:
        step: None for the page about a void match.
        view: What the seat sees; its `page` names the text.
        asked: Nothing for a seat that waits.
    """
    text = render_page(page_text(state.match, view), slots_of(state, view))
    page = Page(
        kind="match",
        title=text.title,
        html=text.html,
        fields=asked.fields,
        button=asked.button,
        view=view,
        deadline_at=state.match.deadline_at,
        facts={"at_zero": at_zero(step), **asked.facts},
    )
    if asked.instead is None:
        return page
    title, html = asked.instead
    return replace(page, title=title, html=html, view=None)


def at_zero(step: Any) -> str:
    """What the page says will happen when the time is up, if that is more than going on."""
    if isinstance(step, Talk):
        return _("When the time is up, this ends by itself, and you go on. What you have not sent by then is not sent.")
    if not isinstance(step, Decision):
        return ""
    if step.voids_match:
        return _("If the time runs out before you answer, this round does not count, and you earn nothing from it.")
    return _("If the time runs out before you answer, the game goes on without your answer.")
