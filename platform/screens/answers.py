"""What is filled in where pages are drawn: right, wrong, or drawn by chance; never by what tells conditions apart.

Whoever sits in a game is told here neither what others are called nor what they are, so that two conditions are played
with the same words and numbers, and whatever still differs on their pages differs for another reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from bots.by_policy import decided
from chat.forms import MESSAGE, READY, THEN
from flow.game import game_of
from flow.queries import TurnFacts
from measures.stages import Briefing
from paradigm import Card, Choice, Field, Points, Text
from scheduling.models import Session
from simulation.conduct import right_answers
from studies.items import Item

Answers = Mapping[str, str]
Conduct = Callable[[TurnFacts], Mapping[str, Any]]
YES, ZONE = "yes", "Europe/London"
SOMETHING = "I would share it."  # said in a talk that may not be ended yet


def right(session: Session, fields: Sequence[Field], stage: Any) -> Answers:
    """What leads on: ticks, right answers where something is right, and something that fits elsewhere."""
    known = right_answers(session.participant.version)
    if isinstance(stage, Briefing):
        known |= {item.id: str(item.correct) for item in stage.asked(session) if item.correct is not None}
    return fitting(fields, purpose=stage.config.id) | {f.key: known[f.key] for f in fields if f.key in known}


def fitting(fields: Sequence[Field], *, purpose: str) -> dict[str, str]:
    """Something that fits, by chance that is the same for the same purpose."""
    chance = Random(f"screens/{purpose}")  # noqa: S311  reproducible on purpose
    known = {"tick": YES, "zone": ZONE}
    return {field.key: known.get(field.kind) or str(field.simulate(chance)) for field in fields}


def wrong(asked: Sequence[Item], answers: Answers, *, right_anywhere: Mapping[str, set[str]]) -> Answers:
    """The same answers, but a wrong one wherever there is one.

    Args:
        right_anywhere: By item, what is right under any condition: a wrong answer is wrong under all, if it can be.
    """
    found = dict(answers)
    for item in asked:
        if item.correct is None:
            continue
        offered = _offered(item.field)
        avoided = right_anywhere.get(item.id, set()) | {str(item.correct)}
        other = [value for value in offered if value not in avoided] or [v for v in offered if v != str(item.correct)]
        found[item.id] = other[0] if other else answers[item.id]
    return found


def _offered(field: Field) -> list[str]:
    if isinstance(field, Choice):
        return [option.value for option in field.offered]
    if isinstance(field, Points):
        return [str(int(field.low)), str(int(field.high)), str(int(field.low) + 1)]
    return []


def by_chance(facts: TurnFacts) -> Mapping[str, Any]:
    """What a seat does in the course that is played to its end: words of the experiment's own, all else by chance."""
    # Not by the revision where one acts once: a step more in one condition would change what is done in all later ones.
    again = facts.match_rev if facts.is_talk else ""
    rng = Random(f"{facts.chance}/screens/{again}")  # noqa: S311  reproducible on purpose
    said = _words(facts)
    return _with_talk(facts, {field.key: said.get(field.key) or field.simulate(rng) for field in facts.fields})


def corner(number: int, *, of: int) -> Conduct:
    """One of the courses that are tried besides: each option in turn, in the second half without what may be left out.

    Args:
        of: How many courses are tried, as `corners` says.
    """

    def decide(facts: TurnFacts) -> Mapping[str, Any]:
        words = _words(facts)
        rng = Random(f"{facts.chance}/corner/{number}")  # noqa: S311  reproducible on purpose

        def is_left_out(field: Field) -> bool:
            return not field.required and 2 * number >= of

        return _with_talk(
            facts, {field.key: _extreme(field, number, words, rng) for field in facts.fields if not is_left_out(field)}
        )

    return decide


def corners(fields: Sequence[Field]) -> int:
    """How many courses show each option of these fields with and without what may be left out."""
    return 2 * max((len(field.offered) for field in fields if isinstance(field, Choice)), default=1)


def _extreme(field: Field, number: int, words: Mapping[str, str], rng: Random) -> Any:
    if isinstance(field, Choice):
        return field.offered[number % len(field.offered)].value
    if isinstance(field, Points):
        low, high = int(field.low), int(field.high)
        return (high, low, (low + high) // 2)[number % 3]
    return words.get(field.key) or field.simulate(rng)


def _words(facts: TurnFacts) -> dict[str, str]:
    """What a policy of the experiment would write; policies that need more than words are left out."""
    texts = {field.key for field in facts.fields if isinstance(field, Text)}
    policies = game_of(facts.seat.group).experiment.policies
    if not texts or not policies or facts.is_talk:
        return {}
    rng = Random(f"{facts.chance}/words")  # noqa: S311  reproducible on purpose
    try:
        values = decided(_blind(facts), sorted(policies)[0], rng=rng, settings={})
    except Exception:  # a policy may need what is kept from it here: then chance writes
        return {}
    return {key: str(values[key]) for key in texts if values.get(key)}


def _blind(facts: TurnFacts) -> TurnFacts:
    cards = [Card(card.position, "", card.text) for card in facts.view.cards]
    view = replace(facts.view, cards=cards, tables=[])
    return replace(facts, view=view, place=replace(facts.place, label=""))


def _with_talk(facts: TurnFacts, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A contribution to a talk is a message, and the last one as soon as it may be."""
    if not facts.is_talk:
        return values
    given = {key: value for key, value in values.items() if key in {MESSAGE, "section"}}
    if any(field.key == THEN for field in facts.fields):
        return given | {THEN: READY}
    return given if given.get(MESSAGE) else given | {MESSAGE: SOMETHING}
