"""The funnel: one question to a page, in order, and no way back."""

from uuid import uuid4

import pytest
from django.utils import translation

from flow.page import Page
from flow.queries import rev_of
from flow.services import rescue, sessions
from matching.models import Group
from measures.models import Answer
from scheduling.models import Session
from studies.models import Version
from tests.machinery.people import MakeVersion, at_stage, fresh, page, send, stage_id

pytestmark = pytest.mark.django_db(transaction=True)
QUESTIONS = """
- {id: about, type: text, label: "What was this study about?", required: false}
- id: met
  type: choice
  label: Whom did you meet?
  options: [{value: all_people, label: People}, {value: some_ai, label: "People and AI"}]
- {id: from_when, type: points, label: "From which round on?", low: 1, high: 3}
"""


@pytest.fixture
def version(make_version: MakeVersion) -> Version:
    funnel = {"purpose": "funnel", "items": "funnel.yaml", "page": "pages/back.md", "shuffle": False}
    texts = {"funnel.yaml": QUESTIONS, "pages/back.md": "# Looking back\n\nThe rounds are over."}
    roles = {"giver": {"humans": 1}, "taker": {"ai": 1}}
    return make_version(roles=roles, texts=texts, after=funnel)


@pytest.fixture
def session(version: Version) -> Session:
    """Somebody at the first question."""
    session = at_stage(version, "lobby")
    send(session)
    rescue.end_group(Group.objects.get().code, reason="a test")
    assert stage_id(fresh(session)) == "after"
    return fresh(session)


def asked(shown: Page) -> list[str]:
    return [field.key for field in shown.fields]


def test_each_page_asks_one_question_in_the_order_of_the_file(session: Session) -> None:
    shown = page(session)
    assert (asked(shown), shown.where.endswith("Question 1 of 3"), shown.title) == (["about"], True, "Looking back")
    assert "The rounds are over." in shown.html
    assert send(session, about="sharing") == "stored"
    shown = page(session)
    assert (asked(shown), shown.where.endswith("Question 2 of 3"), shown.html) == (["met"], True, "")
    send(session, met="some_ai")
    assert asked(page(session)) == ["from_when"]
    send(session, from_when="2")
    assert stage_id(fresh(session)) == "debrief"
    kept = Answer.objects.order_by("pk").values_list("item", "attempt", "position", "value")
    assert [row for row in kept if row[0] in ("about", "met", "from_when")] == [
        ("about", 1, 1, "sharing"), ("met", 1, 2, "some_ai"), ("from_when", 1, 3, 2),
    ]  # fmt: skip


def test_question_that_was_answered_cannot_be_answered_again(session: Session) -> None:
    rev = rev_of(session)
    send(session, about="sharing")
    again = sessions.submit(session.pk, key=uuid4(), rev=rev, data={"about": "AI"})
    assert again.outcome == "stale"
    assert send(session, back="1", met="all_people") == "stored"
    assert asked(page(session)) == ["from_when"], "there is no way back"
    assert list(Answer.objects.filter(item="about").values_list("value", flat=True)) == ["sharing"]


def test_refusal_stays_at_the_question(session: Session) -> None:
    send(session, about="")
    assert send(session, met="robots") == "refused"
    assert asked(page(session)) == ["met"]
    assert not Answer.objects.filter(item="met").exists()


def test_answer_that_was_left_out_is_kept_as_one(session: Session) -> None:
    send(session)
    assert Answer.objects.get(item="about").value == ""


def test_question_is_counted_in_german(session: Session) -> None:
    with translation.override("de"):
        assert page(session).where.endswith("Frage 1 von 3")
