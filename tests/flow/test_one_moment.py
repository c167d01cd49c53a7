"""A page and its revision belong together, whatever happens between two reads."""

from collections.abc import Callable
from threading import Thread
from uuid import uuid4

import pytest
from django.db import connection

from events.moment import one_moment
from flow.queries import page_of, rev_of
from flow.services import sessions
from matching.models import Group
from scheduling.models import Session


@pytest.mark.django_db(transaction=True)
def test_page_and_revision_are_of_one_instant(make_group: Callable[..., Group]) -> None:
    group = make_group("giver", "taker")
    session = Session.objects.select_related("participant__version").get(seats__group=group, seats__role="giver")
    before = rev_of(session)

    def act() -> None:
        sessions.submit(session.pk, key=uuid4(), rev=before, data={"sent": "4"})
        connection.close()

    with one_moment():
        page = page_of(session)
        thread = Thread(target=act)
        thread.start()
        thread.join(20)
        assert rev_of(session) == before
    assert [field.key for field in page.fields] == ["sent"]
    assert rev_of(session) != before
