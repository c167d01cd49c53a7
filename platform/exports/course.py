"""What only the log tells of a group's course: when a seat was left, which matches were void for a missing act, and
whose withheld words a reviewer has released."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from events.models import Event

LEFT, VOIDED, RELEASED, DELETED = "seat.left", "match.voided", "text.released", "text.deleted"


@dataclass
class Course:
    """The events of one group that tables are worked out from."""

    left: dict[int, Event] = field(default_factory=dict)  # by seat number
    voided: dict[int, Event] = field(default_factory=dict)  # by the match's primary key
    # By match (`society.NO_MATCH` for answers to questions) and seat number; the newest.
    released: dict[tuple[int, int], Event] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        """Keep one event."""
        if event.kind == LEFT:
            self.left[event.facts["seat"]] = event
        elif event.kind == RELEASED:
            self.released[event.facts["match"], event.facts["seat"]] = event
        else:
            self.voided[event.facts["match"]] = event

    def had_left(self, number: int, *, match: int) -> bool:
        """Whether a seat was empty already when a match became void; who is put out for that very miss was not."""
        left, voided = self.left.get(number), self.voided.get(match)
        return left is not None and voided is not None and left.pk < voided.pk


def courses(groups: Iterable[int]) -> Mapping[int, Course]:
    """The courses of some groups by primary key, in one query."""
    found: dict[int, Course] = defaultdict(Course)
    events = Event.objects.filter(subject_kind="group", subject_id__in=list(groups), kind__in=(LEFT, VOIDED, RELEASED))
    for event in events.order_by("pk"):
        found[event.subject_id].add(event)
    return found
