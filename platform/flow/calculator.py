"""The worked example on a page: reckoned here by the game's own rules, from nothing but what somebody tries out.

It reads no act and no label, knows no level, and its fields are no fields of the game: nothing that is tried out is
stored, but that it was used.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString, mark_safe

from flow.game import numbers_of
from flow.page import Page
from paradigm.state import Place
from paradigm.worked import Worked, work_out
from scheduling.models import Session
from studies import definition, scripts
from studies.models import Version
from studies.schema_practice import PracticeStage
from studies.schema_stages import GameStage, StageConfig
from studies.slots import CALCULATOR

log = logging.getLogger("rapport.task")

FACT = "calculator"


@dataclass(frozen=True)
class Calculator:
    """What is tried out, and by whose role."""

    worked: Worked
    titles: Mapping[str, str]  # role → how it is called

    def title(self, place: Place) -> str:
        """How a place is called: its letter, and its role where that says more."""
        title = self.titles.get(place.role) or ""
        return place.position if title in ("", place.position) else f"{title} {place.position}"

    @property
    def places(self) -> Sequence[Place]:
        """Who decides something, in the order of the match."""
        found = {one.place.position: one.place for one in self.worked.tried}
        return [found[position] for position in sorted(found)]


def with_calculator(page: Page, session: Session) -> Page:
    """The page, with a worked example below its text where the text holds the slot."""
    if CALCULATOR not in page.html:
        return page
    html = page.html.replace(f"<p>{CALCULATOR}</p>", "").replace(CALCULATOR, "")
    shown = calculator_of(session, {})
    facts = {**page.facts, FACT: shown} if shown else page.facts
    safe = SafeString(mark_safe(html))  # noqa: S308  a safe text of which something was taken out
    return replace(page, html=safe, facts=facts)


def calculator_of(session: Session, raw: Mapping[str, str]) -> Calculator | None:
    """The worked example of the game that a session is at, or comes to.

    None where the experiment's own rules fail: the page must not fail with them.
    """
    version = session.participant.version
    study, game = definition.definition(version), game_at(version, definition.stage(version, session.stage))
    experiment, parameters = definition.experiment(game.experiment), numbers_of(session, game)
    scene = scripts.scene_of(study, game.id, experiment, parameters, seed="worked example")
    try:
        worked = work_out(scene, raw)
    except Exception:
        log.exception("an example could not be worked out", extra={"facts": {"session": session.pk, "stage": game.id}})
        return None
    return Calculator(worked, {name: role.title for name, role in experiment.roles.items()})


def game_at(version: Version, stage: StageConfig) -> GameStage:
    """The game of a stage: itself, the one that it practises, or the study's first, as its pages' numbers are."""
    if isinstance(stage, GameStage):
        return stage
    games = [one for one in definition.definition(version).stages if isinstance(one, GameStage)]
    practised = [one for one in games if isinstance(stage, PracticeStage) and one.id == stage.game]
    return (practised or games)[0]
