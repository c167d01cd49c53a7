"""A text about taking part that has changed is answered once, before one goes on, and nobody loses what was earned."""

from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from events import runner
from events.models import Event
from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables import table_named
from flow.models import Placing
from flow.queries import rev_of
from flow.services import rescue, sessions
from matching.models import Group, Ticket
from participants.models import Consent, Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.definition import text_sha256
from studies.models import Version
from studies.services import amend
from tests.machinery.people import (
    MakeVersion,
    at_once,
    at_stage,
    fresh,
    go_on,
    let_pass,
    newcomer,
    page,
    send,
    stage_id,
)
from tests.stages.test_stage_kinds import right_check, seated
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "# Taking part\n\nWe now also keep how long you looked at each page. Ask {{ contact_name }}."


@pytest.fixture
def amended(tmp_path: Path) -> "Amended":
    return Amended(tmp_path)


class Amended:
    """`amended(version)`: the same study with other words of consent."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, version: Version, words: str = WORDS) -> Version:
        folder = self.home / version.study.slug
        (folder / "pages/consent.md").write_text(words)
        newer = amend(version.study, folder, reason="the board asked for it")
        runner.drain("jobs")
        return newer


def is_asked(session: Session) -> bool:
    return "has changed since you agreed" in page(session).html


def differences(version: Version) -> list[str]:
    return [str(one) for one in check(version.study, late_after_seconds=3600).differences]


def test_it_is_asked_where_the_open_stage_ends_and_leads_to_where_one_was_going(
    make_version: MakeVersion, amended: Amended
) -> None:
    version = make_version()
    session = at_stage(version, "instructions")
    newer = amended(version)
    assert not is_asked(session), "what is being read is read to its end"
    session = go_on(session)
    assert stage_id(session) == "quiz"
    assert is_asked(session)
    assert "how long you looked" in page(session).html
    assert page(session).where.startswith("Step 3 of")
    assert send(session) == "refused", "the required box is asked for again"
    assert send(session, take_part="yes") == "stored"
    assert page(session).title == "A few questions about the task"
    answers = list(Consent.objects.order_by("pk"))
    assert [(one.version_id, one.agreed) for one in answers] == [(version.pk, True), (newer.pk, True)]
    assert answers[1].document_sha256 == text_sha256(newer, "pages/consent.md")
    session = go_on(session)
    assert stage_id(session) == "lobby", "and nobody is asked twice"
    assert not is_asked(session)
    assert differences(version) == []
    assert fresh(session).participant.version_id == version.pk, "the study that was begun goes on"


def test_who_declines_leaves_with_what_was_earned_whatever_the_exit_pays(
    make_version: MakeVersion, amended: Amended
) -> None:
    version = make_version()
    here = seated(lambda **_: version)
    for one in here:
        send(one, told=right_check())
    sitting = [Placing.objects.filter(seat__session=one) for one in here]
    amended(version)
    assert not any(is_asked(one) for one in here), "not while they sit in a group"
    rescue.end_group(Group.objects.get().code, reason="a test")
    sitting[0].update(points=30)
    assert [stage_id(fresh(one)) for one in here] == ["after"] * 3
    assert all(is_asked(one) for one in here)
    assert "keep all that you have earned" in page(here[0]).html
    assert send(here[0], decline="1") == "stored"
    person, paid = Participant.objects.get(pk=here[0].participant_id), Settlement.objects.get()
    assert (person.status, person.exit, paid.exit) == ("finished", "declined", "declined")
    assert (paid.bonus_minor, paid.base_minor) == (60, 400), "the game was over, so the base is earned, too"
    assert paid.waiting_minor > 0
    assert send(here[1], take_part="yes") == "stored"
    assert stage_id(fresh(here[1])) == "after"
    with snapshot():
        rows = {
            row["participant"]: row for row in table_named("participants", version.study).rows(Scope(version.study))
        }
    said = [(rows[one.participant.code]["consented"], rows[one.participant.code]["consented_again"]) for one in here]
    assert said == [(True, False), (True, True), (True, None)]


def test_who_never_agreed_is_paid_as_the_exit_says(make_version: MakeVersion, amended: Amended) -> None:
    version = make_version()
    session = newcomer(version)
    amended(version)
    assert send(session, decline="1") == "stored"
    assert Settlement.objects.get().total_minor == 0


def test_another_exit_may_be_declared_for_declining_later(make_version: MakeVersion, amended: Amended) -> None:
    version = make_version(consent={"on_decline_later": {"exit": "left"}})
    session = at_stage(version, "instructions")
    amended(version)
    send(go_on(session), decline="1")
    assert Participant.objects.get().exit == "left"


def test_who_waits_is_asked_at_once_and_waits_anew_with_pay_for_both_times(
    make_version: MakeVersion, amended: Amended
) -> None:
    version = make_version()
    session = at_stage(version, "lobby")
    let_pass(61, session)
    amended(version)
    assert is_asked(session)
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.waited_seconds >= 61) == ("left", True)
    assert send(session, take_part="yes") == "stored"
    ticket.refresh_from_db()
    assert (stage_id(fresh(session)), ticket.status) == ("lobby", "waiting")
    let_pass(61, session)
    send(session, leave="1")
    assert Settlement.objects.get().waiting_minor >= 30
    assert differences(version) == []


def test_a_group_is_not_made_of_who_must_answer_first(make_version: MakeVersion, amended: Amended) -> None:
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    amended(version)
    assert [send(one) for one in here] == ["refused"] * 3
    assert not Group.objects.exists()
    for one in here:
        send(one, take_part="yes")
    for one in here:
        send(one)
    assert Group.objects.count() == 1


def test_who_gets_ready_while_the_text_changes_is_not_seated_before_they_are_asked(
    make_version: MakeVersion, tmp_path: Path
) -> None:
    """Between the amendment and the work that asks those who wait: a second, or longer where a worker is down."""
    version = make_version()
    here = [at_stage(version, "lobby") for _ in range(3)]
    for one in here[:2]:
        assert send(one) == "stored"
    folder = tmp_path / version.study.slug
    (folder / "pages/consent.md").write_text(WORDS)
    amend(version.study, folder, reason="the board asked for it")
    assert send(here[2]) == "stored"
    assert not Group.objects.exists()
    assert all(is_asked(one) for one in here), "whoever finds it asks them, though no worker runs"
    runner.drain("jobs")
    assert Event.objects.filter(kind="consent.asked").count() == 3
    assert differences(version) == []


def test_other_changes_and_the_same_words_again_ask_nobody(make_version: MakeVersion, amended: Amended) -> None:
    version = make_version()
    session = at_stage(version, "instructions")
    amend(version.study, {"sample.target": 99}, reason="more")
    session = go_on(session)
    assert not is_asked(session)
    amended(version)
    session = go_on(session)
    assert is_asked(session)
    send(session, take_part="yes")
    amend(version.study, {"sample.target": 98}, reason="fewer")
    assert not is_asked(session)
    assert Event.objects.filter(kind="consent.asked").count() == 1


def test_a_third_text_while_the_second_is_read_comes_next(make_version: MakeVersion, amended: Amended) -> None:
    version = make_version()
    session = at_stage(version, "instructions")
    amended(version)
    session = go_on(session)
    third = amended(version, "# Taking part\n\nA third text.")
    send(session, take_part="yes")
    assert "A third text." in page(session).html
    send(session, take_part="yes")
    assert not is_asked(session)
    assert Consent.objects.latest("pk").version_id == third.pk


def test_two_clicks_are_one_answer(make_version: MakeVersion, amended: Amended) -> None:
    version = make_version()
    session = at_stage(version, "instructions")
    amended(version)
    session = go_on(session)
    rev = rev_of(session)
    clicks = [{"take_part": "yes"}, {"decline": "1"}, {"take_part": "yes"}]
    done = at_once([partial(sessions.submit, session.pk, key=uuid4(), rev=rev, data=data) for data in clicks])
    outcomes = [str(one.outcome) for one in done if isinstance(one, sessions.Result)]
    assert sorted(outcomes) == ["stale", "stale", "stored"]
    assert Consent.objects.count() == 2
