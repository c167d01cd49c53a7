"""Practice: some rounds of the game, alone, against answers that are made up. The page says so all the time."""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from events import clock
from events.prepared import Given, insert, prepared, update
from flow.game import numbers_of
from flow.models import PracticeStep
from flow.page import Page
from flow.stage import Next, Refused, Stay, Verdict
from flow.stages.limits import is_over, limit_of, set_limit
from flow.stages.texts import text_of
from matching.queries import role_in
from paradigm.fields import clean
from paradigm.practice import Practice, Stop
from scheduling.models import Session
from studies import definition, scripts
from studies.markdown import Rendered, render_page
from studies.models import Version
from studies.schema_practice import PracticeStage
from studies.schema_stages import GameStage
from studies.slots import CALCULATOR, parameter_slots, slots

log = logging.getLogger("rapport.task")

INTRO = "intro"  # in a session's facts: whether the page before the first round is still to be read


class PracticeOfGame:
    """Implements `flow.stage.StageKind`. Where somebody stands follows from the pages that they have answered."""

    def __init__(self, config: PracticeStage, version: Version) -> None:
        self.config = config
        self.version = version

    def open(self, session: Session) -> None:
        session.facts = {INTRO: True} if self.config.page else {}
        set_limit(session, self.config.seconds)
        if not self.config.page:
            self._show_next(session)

    def page(self, session: Session) -> Page:
        if session.facts.get(INTRO) and self.config.page:
            text = text_of(self.version, self.config.page)
            return self._page(session, kind="text", title=text.title or _("Practice"), html=text.html)
        stop = self._stop(session)
        if stop is None:  # nobody is here, save by a researcher's hand
            return self._page(session, kind="text", title=_("One moment, please"))
        text = self._text(stop)
        return self._page(
            session,
            kind="practice",
            title=text.title,
            html=text.html,
            fields=stop.fields,
            view=stop.view,
            where=self._where(session, stop),
            note=_("Practice: the other players' answers are made up. Nothing here counts or is paid."),
        )

    def submit(self, session: Session, data: Mapping[str, str]) -> Verdict:
        if is_over(session):
            return Next()
        if session.facts.get(INTRO):
            session.facts = session.facts | {INTRO: False}
            return Stay() if self._show_next(session) else Next()
        stop, steps = self._stop(session), self._steps(session)
        if stop is None:
            return Next()
        values, errors = clean(stop.fields, data)
        if errors:
            return Refused(errors)
        steps[-1].values, steps[-1].answered_at = values, clock.now()
        update(steps[-1], "values", "answered_at")
        return Stay() if self._show_next(session) else Next()

    def overdue(self, session: Session) -> Verdict:
        """Practice is a help: when its time is up, one goes on."""
        return Next() if is_over(session) else Stay()

    def _page(self, session: Session, **said: Any) -> Page:
        at_zero = _("When the time is up, the practice ends and you go on.")
        return Page(button=_("Continue"), deadline_at=limit_of(session), facts={"at_zero": at_zero}, **said)

    def _where(self, session: Session, stop: Stop) -> str:
        game, roles = self._game, self._roles(session)
        title = definition.experiment(game.experiment).roles[stop.place.role].title
        where = (
            _("Practice %(n)d of %(all)d") % {"n": stop.part, "all": len(roles)} if len(roles) > 1 else _("Practice")
        )
        return f"{where} · {title}" if title else where

    def _text(self, stop: Stop) -> Rendered:
        """The game's own page for what is told, as `flow.queries` would show it in the game."""
        view, state, game = stop.view, stop.state, self._game
        names = [view.page, *view.blocks]
        text = "\n\n".join(definition.text(self.version, f"{game.pages}/{name}.md") for name in names)
        void = state.parameters.number(state.scene.experiment.void_points)
        here = {"round": state.round, "rounds": state.rounds, "void_points": void, "calculator": CALCULATOR}
        return render_page(text, state.parameters.slots() | here | dict(view.facts))

    def _show_next(self, session: Session) -> bool:
        """Keep what the page that comes next tells; False where the practice is over."""
        stop = self._stop(session)
        if stop is None:
            return False
        told = stop.view.as_json() | {"asked": [field.key for field in stop.fields]}
        insert(
            PracticeStep(
                session=session,
                stage=self.config.id,
                number=len(self._steps(session)) + 1,
                role=stop.place.role,
                round=stop.state.round,
                path=stop.state.path,
                view=told,
                sha256=hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),
                opened_at=clock.now(),
            )
        )
        return True

    def _stop(self, session: Session) -> Stop | None:
        """The page that is open; None when it is over, and where the experiment's own rules fail: it is only a help."""
        answers = [step.values for step in self._steps(session) if step.values is not None]
        try:
            return self.practice_for(session).stop_after(answers)
        except DatabaseError:
            raise
        except Exception:
            log.exception("practice cannot go on", extra={"facts": {"session": session.pk, "stage": self.config.id}})
            return None

    def _steps(self, session: Session) -> list[PracticeStep]:
        return _steps.all(session=session.pk, stage=self.config.id)

    def practice_for(self, session: Session) -> Practice:
        """What this person practises: the same whenever asked."""
        study, game = definition.definition(self.version), self._game
        experiment = definition.experiment(game.experiment)
        parameters = numbers_of(session, game)
        seed = f"{self.version.seed}/practice/{self.config.id}/{session.participant.code}"
        scene = scripts.scene_of(study, game.id, experiment, parameters, seed=seed)
        text = definition.text(self.version, self.config.script) if self.config.script else None
        names = slots(self.version, game.id) | parameter_slots(parameters.slots())
        script = scripts.script_of(text, experiment, names)
        return Practice(scene, script, self._roles(session))

    def _roles(self, session: Session) -> list[str]:
        """The role of each round, in order: one's own, or every role that people may have."""
        own = role_in(session, self.config.game) if self.config.roles == "own" else ""
        roles = [own] if own else scripts.roles_of_people(definition.definition(self.version), self.config.game)
        return [role for role in roles for _ in range(self.config.rounds)]

    @property
    def _game(self) -> GameStage:
        found = definition.stage_named(self.version, self.config.game)
        assert isinstance(found, GameStage)
        return found


@prepared
def _steps(session: Given, stage: Given) -> QuerySet[PracticeStep]:
    return PracticeStep.objects.filter(session=session, stage=stage).order_by("number")
