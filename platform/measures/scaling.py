"""What each person was asked of each scale, and what came of it. Reads rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from measures.models import Answer, ScaleDrawn
from measures.scoring import Reply, Score, Why, scores_of
from scheduling.models import Session
from studies.definition import version_of
from studies.scales import scale_of, scored
from studies.schema_scales import ScaleFile


@dataclass(frozen=True)
class Taken:
    """One scale in one session of one person.

    Attributes:
        answers: The last answer to each item that was sent, by the item's own name.
    """

    session: Session
    drawn: ScaleDrawn
    scale: ScaleFile
    answers: Mapping[str, Answer]

    def why(self, item: str) -> Why | None:
        """Why an item has no answer; None where it has one."""
        if item in self.drawn.left_out:
            return "not_asked"
        if item not in self.answers:
            return "dropout"
        return "skipped_optional" if self.answers[item].value is None else None

    @property
    def scores(self) -> Sequence[Score]:
        """Every score of the scale."""
        return list(scores_of(self.scale, {item.id: self._reply(item.id) for item in scored(self.scale)}))

    def _reply(self, item: str) -> Reply:
        return self.why(item) or int(str(self.answers[item].value))


def taken(drawn: Sequence[ScaleDrawn]) -> Iterator[Taken]:
    """What came of some draws, in their order. Each has its session, with the participant."""
    given: dict[tuple[int, str, str], Answer] = {}
    asked = Answer.objects.filter(session__in={one.session_id for one in drawn}, stage__in={one.stage for one in drawn})
    for answer in asked.order_by("attempt", "pk"):
        given[answer.session_id, answer.stage, answer.item] = answer
    for one in drawn:
        scale = scale_of(version_of(one.session.participant.version_id), one.scale)
        known = {item.id: given.get((one.session_id, one.stage, f"{one.scale}.{item.id}")) for item in scale.items}
        yield Taken(one.session, one, scale, {name: answer for name, answer in known.items() if answer is not None})
