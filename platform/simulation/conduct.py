"""How simulated people decide: in a game by a policy of the experiment, and where something is right, rightly.

A policy is told what the person's page tells and nothing else, and its answer goes through the page's form.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bots.by_policy import decided
from chat.forms import DOWN, ENTRIES, UP
from flow.game import game_of
from flow.kinds import kind
from flow.lookup import stage_of
from flow.queries import match_of, turn
from measures.probing import expected_now
from measures.stages import Briefing
from measures.surveys import Survey
from paradigm import Experiment
from scheduling.models import Session
from simulation.errors import SimulationError
from simulation.pages import Shown
from studies import definition
from studies.items import items
from studies.models import Version
from studies.schema_stages import GameStage, QuizStage
from studies.slots import slots

Policies = Mapping[str, str]
"""Role → name of a policy."""


class Conduct:
    """What one simulated person answers, as `simulation.mind.Mind` asks for it. Reads the database.

    Args:
        link: Key of the entry link by which this person alone came in.
        number: Of the person.
        policies: By role; in another role the person acts by one drawn for them from the experiment's.
    """

    def __init__(self, link: int, *, number: int, seed: str, policies: Policies) -> None:
        self._link = link
        self._chance = f"{seed}/policy/{number}"
        self._policies = policies

    def __call__(self, page: Shown) -> Mapping[str, str] | None:
        """Answers by field name; None leaves the page to the person's own chance."""
        if not page.asked:
            return None
        session = self._session()
        if page.kind == "match":
            return self._in_the_game(session, page)
        if isinstance(stage_of(session), Briefing | Survey):  # a quiz is answered from memory, and may be misread
            return {item: answer for item, answer in expected_now(session).items() if item in page.asked}
        return None

    def _session(self) -> Session:
        visits = Session.objects.filter(participant__links=self._link)
        return visits.select_related("participant__version", "participant__study").latest("pk")

    def _in_the_game(self, session: Session, page: Shown) -> Mapping[str, str] | None:
        match = match_of(session)
        if match is None:
            return None
        seat = match.placings.values_list("seat", flat=True).get(seat__session=session)
        facts = turn(match.pk, match.path, seat)
        policy = self._policy(facts.seat.role, game_of(match.group).experiment) if facts else None
        if facts is None or policy is None:  # the step closed while the page was read; or nobody said how to decide
            return None
        said = kind("entries", "count")(match, match.path)  # each contribution to a talk has its own chance
        rng = Random(f"{self._chance}/{facts.chance}/{said}")  # noqa: S311  seeded on purpose
        return as_form(decided(facts, policy, rng=rng, settings={}), page)

    def _policy(self, role: str, experiment: Experiment) -> str | None:
        drawn = Random(self._chance).choice(sorted(experiment.policies) or [""])  # noqa: S311  seeded on purpose
        return self._policies.get(role) or drawn or None


def as_form(values: Mapping[str, Any], page: Shown) -> Mapping[str, str]:
    """What a policy gives, as the page's form sends it."""
    given = {**values, **_entry(values[ENTRIES])} if values.get(ENTRIES) else values
    return {name: str(given[name]) for name in page.asked if given.get(name) is not None}


def _entry(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The first of a talk's entries: a form holds one."""
    first = entries[0]
    facts = first.get("facts", {})
    does = first["kind"]
    if does == "vote":
        does = UP if facts.get("value", 1) > 0 else DOWN
    return {"do": does, "to": facts.get("to"), "section": facts.get("section"), "message": first.get("text", "")}


def right_answers(version: Version) -> dict[str, str]:
    """What to answer in the quizzes of a version, by item."""
    found: dict[str, str] = {}
    for stage in definition.definition(version).stages:
        if isinstance(stage, QuizStage):
            asked = items(version, stage.items, slots(version))
            found |= {item.id: str(item.correct) for item in asked if item.correct is not None}
    return found


def check_policies(version: Version, said: Policies) -> None:
    """Refuse roles and policies that no game of a version has.

    Raises:
        SimulationError: "role_unknown", "policy_unknown", naming those that there are.
    """
    games = [stage for stage in definition.definition(version).stages if isinstance(stage, GameStage)]
    experiments = [definition.experiment(game.experiment) for game in games]
    roles = sorted({role for one in experiments for role in one.roles})
    for role, policy in said.items():
        having = [one for one in experiments if role in one.roles]
        if not having:
            raise SimulationError("role_unknown", f'{version} has no role "{role}"; there are: {_listed(roles)}')
        policies = sorted({name for one in having for name in one.policies})
        if policy not in policies:
            text = f'a {role} of {version} has no policy "{policy}"; there are: {_listed(policies)}'
            raise SimulationError("policy_unknown", text)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
