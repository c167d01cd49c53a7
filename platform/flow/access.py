"""Who is asking: from the cookie to the participant and their visit, read together."""

from django.http import HttpRequest

from flow.queries import visit_with
from participants.access import cookie_token, stored_as
from participants.models import Participant


def participant_of(request: HttpRequest) -> Participant | None:
    """The participant whose secret the browser carries, or None. Their newest visit is kept as `request.visit`."""
    visit = visit_with(stored_as(cookie_token(request)))
    if visit is None:
        return None
    request.visit = visit  # type: ignore[attr-defined]
    return visit.session.participant
