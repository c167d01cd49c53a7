"""Reading answers."""

from collections.abc import Sequence

from measures.models import Answer
from scheduling.models import Session


def last_answers(session: Session, items: Sequence[str]) -> dict[str, str]:
    """A session's latest answer to each of some items, as text; "" where there is none."""
    found = dict.fromkeys(items, "")
    for answer in Answer.objects.filter(session=session, item__in=items).order_by("pk"):
        found[answer.item] = "" if answer.value is None else str(answer.value)
    return found
