"""What turns off the way at each kind of stage: no, wrong answers, time that is up, a waiting room without a group."""

from datetime import timedelta
from typing import Any

from events import clock
from flow.deadlines import GRACE
from flow.lookup import stage_of
from flow.services import forming
from flow.stages.limits import limit_of
from measures.stages import Briefing
from screens import answers, services
from screens.errors import ScreensError
from screens.mishaps import game
from screens.people import Visitor
from screens.screen import Key
from screens.tour import Tour, Walkers, leaving, pages_of, turning
from studies.items import Item, briefing_items, items
from studies.schema_stages import BriefingStage, QuizStage, WaitingRoomStage
from studies.slots import slots

A_MOMENT = timedelta(seconds=1)
WRONG, TIME_IS_UP = "after wrong answers", "when the time was up"
DECLINE, WITHDRAW, LEAVE = {"decline": "1"}, {"withdraw": "1"}, {"leave": "1"}


def consent(tour: Tour, index: int) -> None:
    """The consent page, and a no."""
    for role, lead in tour.leads:

        def no(key: Key, lead: Visitor = lead) -> None:
            with turning(tour, lead, key.role, "after declining"):
                lead.send(DECLINE)

        pages_of(tour, index, role=role, lead=lead, also=no)


def questions(tour: Tour, index: int) -> None:
    """A quiz or a condition page: wrong answers, and time that is up."""
    for role, lead in tour.leads:

        def failing(key: Key, lead: Visitor = lead) -> None:
            _wrongly(tour, key, lead)
            _too_late(tour, key, lead)

        pages_of(tour, index, role=role, lead=lead, also=failing)


def debrief(tour: Tour, index: int) -> None:
    """The debrief, and having one's data deleted after it."""
    for role, lead in tour.leads:

        def out(key: Key, lead: Visitor = lead) -> None:
            with turning(tour, lead, key.role, "data deleted after the debrief"):
                lead.send(WITHDRAW)

        pages_of(tour, index, role=role, lead=lead, also=out)


def _wrongly(tour: Tour, key: Key, lead: Visitor) -> None:
    session = lead.session
    stage: Any = stage_of(session)
    right = answers.right(session, lead.page().fields, stage)
    asked = _asked(tour, stage, lead)
    wrong = answers.wrong(asked, right, right_anywhere=_right_anywhere(tour, stage.config))
    if wrong == right:
        return
    with services.undone():
        lead.send(wrong)
        if lead.is_at(session.stage):
            tour.draw(Key(key.stage, key.step, key.role, WRONG), lead.html())


def _asked(tour: Tour, stage: Any, lead: Visitor) -> list[Item]:
    if isinstance(stage, Briefing):
        return stage.asked(lead.session)
    return items(tour.version, stage.config.items, slots(tour.version)) if isinstance(stage.config, QuizStage) else []


def _right_anywhere(tour: Tour, config: Any) -> dict[str, set[str]]:
    """What is right under any level, so that one wrong answer does for all."""
    found: dict[str, set[str]] = {}
    if isinstance(config, BriefingStage) and config.by:
        for level in config.pages:
            for item in briefing_items(config, {config.by: level}, slots(tour.version)):
                found.setdefault(item.id, set()).add(str(item.correct))
    return found


def _too_late(tour: Tour, key: Key, lead: Visitor) -> None:
    """Past the limit, where that ends somebody's part."""
    until = limit_of(lead.session)
    if until is None:
        return
    with turning(tour, lead, key.role, f"{TIME_IS_UP}, at {key.stage}"):
        clock.stand(until + GRACE + A_MOMENT)
        lead.is_there()


def waiting_room(tour: Tour, index: int) -> None:
    """Alone, asked, not there when asked, ready; then the group is formed and goes on."""
    config = tour.stages[index]
    assert isinstance(config, WaitingRoomStage)
    (role, lead), *_others = tour.leads
    key = Key(config.id, role=role)
    tour.bring(lead, index)
    if not lead.is_at(index):
        return
    tour.draw(Key(config.id, role=role, state="alone"), lead.html())
    if tour.is_thorough:
        _out_of_the_room(tour, key, lead)
    people = tour.gather(index, tour.study.groups[config.forms].humans)
    tour.draw(Key(config.id, role=role, state="all are here"), lead.html())
    _form(tour, index)
    tour.draw(Key(config.id, role=role, state="asked"), lead.html())
    if tour.is_thorough:
        _not_there(tour, index, key)
    for one in people:
        one.send({})
        if one is lead:
            tour.draw(Key(config.id, role=role, state="ready, others not yet"), lead.html())
    tour.allocating(lambda: _form(tour, index))
    if lead.is_at(index):
        raise ScreensError("no_group", f"{len(people)} people wait in {config.id} and no group is formed")


def _out_of_the_room(tour: Tour, key: Key, lead: Visitor) -> None:
    """Leaving at once, by the button, or because nobody else came in time."""
    leaving(tour, key, lead)
    with turning(tour, lead, key.role, f"left by the button, at {key.stage}"):
        lead.send(LEAVE)
    _too_late(tour, key, lead)


def _form(tour: Tour, index: int) -> None:
    forming.form_groups(tour.version.pk, tour.stages[index].id)


def _not_there(tour: Tour, index: int, key: Key) -> None:
    """Asked twice without an answer."""
    config = tour.stages[index]
    assert isinstance(config, WaitingRoomStage)
    lead = tour.leads[0][1]
    wait = timedelta(seconds=config.ready_seconds) + GRACE + A_MOMENT
    with turning(tour, lead, key.role, f"asked twice without an answer, at {config.id}"):
        for state in ("asked a second time", ""):
            clock.stand(clock.now() + wait)
            for one in tour.people:
                one.is_there()
            _form(tour, index)
            if state and lead.is_at(index):
                tour.draw(Key(key.stage, role=key.role, state=state), lead.html())


WALKERS: Walkers = {
    "consent": consent,
    "quiz": questions,
    "briefing": questions,
    "waiting_room": waiting_room,
    "game": game,
    "debrief": debrief,
}
"""Who walks through which kind of stage; every other is read, filled in and sent."""
