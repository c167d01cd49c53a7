"""Which topic a group talks about: its person's, by their own order and by which visit this is."""

from collections.abc import Callable, Sequence

from matching.models import Group, TopicOrder
from participants.models import Participant
from scheduling.models import Session
from studies.allocation import lock_named, sequence_of
from studies.models import Version
from studies.schema_stages import GameStage
from studies.topics import balanced, in_visit, shuffled

Order = Sequence[str]


def topic_of(version: Version, game: GameStage, group: Group, sessions: Sequence[Session]) -> str:
    """The topic of a new group; "" where its game has none. Call in the transaction that makes the group.

    Args:
        sessions: The visits of those who sit in it. Where there are none, or several, the group itself draws.
    """
    return chosen(version, game, group, sessions, own=lambda person: _own(version, game, person))


def chosen(
    version: Version, game: GameStage, group: Group, sessions: Sequence[Session], *, own: Callable[[Participant], Order]
) -> str:
    """As `topic_of`, with a person's balanced order from wherever it is kept."""
    topics = game.topic
    if topics is None:
        return ""
    if topics.order == "constant":
        return topics.pool[0]
    if len(sessions) != 1:
        return shuffled(topics, seed=f"{version.seed}/topic/{game.id}/{group.code}")[0]
    (session,) = sessions
    if topics.order == "scripted":
        return in_visit(topics.pool, session.repeat)
    if topics.order == "drawn":
        return in_visit(drawn(version, game, session.participant), session.repeat)
    return in_visit(own(session.participant), session.repeat)


def drawn(version: Version, game: GameStage, person: Participant) -> list[str]:
    """A person's order by chance: the same whenever it is asked for."""
    assert game.topic is not None
    return shuffled(game.topic, seed=f"{version.seed}/topic/{game.id}/{person.code}")


def planned(version: Version, game: GameStage, row: TopicOrder) -> list[str]:
    """The balanced order that belongs to a place in a sequence."""
    assert game.topic is not None
    seed = f"{version.seed}/topic/{game.id}/{row.sequence}"
    return balanced(game.topic, seed=seed, number=row.number)


def _own(version: Version, game: GameStage, person: Participant) -> list[str]:
    """A person's balanced order, taken at their first group and then kept."""
    known = TopicOrder.objects.filter(participant=person, stage=game.id).first()
    if known is not None:
        return list(known.topics)
    sequence = sequence_of(person.origin)
    # Two who come at once must not take the same place.
    lock_named(f"topics/{version.pk}/{game.id}/{sequence}")
    taken = TopicOrder.objects.filter(version=version, stage=game.id, sequence=sequence).count()
    row = TopicOrder(version=version, participant=person, stage=game.id, sequence=sequence, number=taken + 1)
    row.topics = planned(version, game, row)
    row.save()
    return list(row.topics)
