"""The page between two visits: how far somebody has come, what they have earned, and what is still to come."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from events import clock
from flow.page import Page
from flow.services import rescue, sessions
from recruitment.models import Settlement
from recruitment.queries import earned_by, terms_of
from recruitment.rules import reckon, total_of
from recruitment.so_far import pay_so_far
from scheduling.models import ScheduledSession, Session
from studies.models import Version
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    FOLDER,
    MakeVersion,
    make_version,
    page,
    sharing_is_installed,
)
from tests.machinery.study_files import read_study
from tests.scheduling.test_changed_visits import PAID, browser_of
from tests.scheduling.test_visits import FILE, START, answer, berlin, enrolled, newest, pass_to, take_part

pytestmark = pytest.mark.django_db
POINTS = {"rate": "0.02", "max": "6.00"}


def made(make_version: MakeVersion, **facts: Any) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**FILE | facts)


@pytest.fixture
def version(make_version: MakeVersion) -> Version:  # noqa: F811
    """Each talk pays a pound, the first visit half of one, and who stays to the end four more."""
    return made(make_version, payments=PAID)


def table(found: Page, caption: str) -> list[tuple[Any, ...]]:
    """The rows of one of the page's tables; none where it is not there."""
    assert found.view is not None
    return [tuple(row) for one in found.view.tables if one.caption.startswith(caption) for row in one.rows]


def shapes(found: Page) -> list[str]:
    return [mark.shape for mark in found.facts["way"]]


def test_home_tells_each_visit_by_shape_and_by_words(version: Version) -> None:
    session = enrolled(version)
    assert shapes(page(session)) == ["done", "to_come", "to_come", "to_come", "to_come"]
    pass_to(berlin(2027, 3, 23, 9))
    found = page(session)
    assert shapes(found) == ["done", "open", "to_come", "to_come", "to_come"]
    assert [mark.is_next for mark in found.facts["way"]] == [False, True, False, False, False]
    session = take_part(session)
    pass_to(berlin(2027, 3, 28, 9))
    found = page(session)
    assert shapes(found) == ["done", "done", "missed", "to_come", "to_come"]
    assert [mark.words for mark in found.facts["legend"]] == ["done", "missed", "to come"]
    assert [row[2] for row in table(found, "Your visits")] == ["done", "done", "missed", "to come", "to come"]
    html = browser_of(session).get("/s/").content.decode()
    for told in ("First visit: done", "Visit 1: done", "Visit 2: missed", "Visit 3: to come"):
        assert f'<span class="unseen">{told}</span>' in html
    assert html.count('aria-current="step"') == 1


def test_home_says_what_became_of_the_visit_before_and_blames_nobody(version: Version) -> None:
    session = enrolled(version)
    assert page(session).facts["before"] == "Saved. £0.50 earned."
    pass_to(berlin(2027, 3, 23, 9))
    session = take_part(session)
    assert page(session).facts["before"] == "Saved. £1.00 earned."
    pass_to(berlin(2027, 3, 28, 9))
    assert page(session).facts["before"] == "You missed visit 2. That is fine."
    pass_to(berlin(2027, 3, 29, 9))
    answer(session)
    pass_to(berlin(2027, 3, 31, 13))
    assert page(newest(session)).facts["before"].startswith("The time for visit 3 was over before its end.")


def test_home_says_which_visit_is_next_and_that_one_remains(make_version: MakeVersion) -> None:  # noqa: F811
    waves = [FILE["waves"][0], FILE["waves"][1] | {"minutes": 15}, FILE["waves"][2]]
    session = enrolled(made(make_version, payments=PAID, waves=waves))
    assert page(session).facts["about"] == "It is visit 1 of 4. It takes about 15 minutes. You earn £1.00 for it."
    for day in (23, 26):
        pass_to(berlin(2027, 3, day, 9))
        session = take_part(session)
    assert page(session).facts["about"].endswith("You earn £1.00 for it. After it one visit remains.")
    pass_to(berlin(2027, 3, 29, 9))
    session = take_part(session)
    assert page(session).facts["about"] == "It is visit 4 of 4. It is the last one."


def test_home_reckons_what_was_earned_and_what_is_to_come(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    session = take_part(session)
    pass_to(berlin(2027, 3, 28, 9))
    found = page(session)
    assert [row[3] for row in table(found, "Your visits")] == [
        "£0.50", "£1.00", "nothing", "£1.00 if you finish it", "",
    ]  # fmt: skip
    assert table(found, "What you have earned so far")[-1] == ("Total", "", "£1.50")
    said = " ".join(found.facts["pay"])
    assert "If you finish all visits to come, you are paid £6.50 in all." in said
    assert "You may miss 1 visit, and have missed 1." in said
    assert "If you leave now, you keep the pay for each visit that you have finished." in said
    assert "The £4.00 for taking part are paid only to those who stay to the end." in said, "there is no game"
    sessions.leave(session.pk)
    assert Settlement.objects.get(participant=session.participant_id).total_minor == 150


def test_home_promises_what_is_paid_at_the_end(version: Version) -> None:
    session = enrolled(version)
    for day in (23, 26, 29):
        pass_to(berlin(2027, 3, day, 9))
        session = take_part(session)
    promised = next(one for one in page(session).facts["pay"] if one.startswith("If you finish all"))
    pass_to(berlin(2027, 3, 30, 10))
    session = take_part(session)
    paid = Settlement.objects.get(participant=session.participant_id).total_minor
    assert f"£{paid / 100:.2f} in all" in promised


@pytest.mark.parametrize(
    ("exits", "words"),
    [
        ({"pay": "none"}, "Then there is no pay."),
        ({"pay": "fixed", "amount": "0.75"}, "Then you are paid £0.75."),
        ({"pay": "earned"}, "Then you are paid what you have earned until then."),
    ],
)
def test_home_says_what_is_paid_to_whoever_misses_too_many(
    make_version: MakeVersion,  # noqa: F811
    exits: dict[str, str],
    words: str,
) -> None:
    base = read_study(FOLDER)["exits"]
    inactive = {"page": base["inactive"]["page"]} | exits
    session = enrolled(made(make_version, payments=PAID, exits=base | {"inactive": inactive}))
    assert page(session).facts["pay"][-1].endswith(words)


def with_points(pay: dict[str, Any]) -> dict[str, Any]:
    return {"payments": PAID | {"points": POINTS | pay}}


def test_home_tells_no_points_where_chance_decides_whether_they_are_paid(
    make_version: MakeVersion,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = enrolled(made(make_version, **with_points({})))
    monkeypatch.setattr("recruitment.queries.points_of", lambda _person: 60)
    assert ("Points", "60 points at £0.02 each", "£1.20") in table(page(session), "What you have earned so far")
    assert "All points together pay at most £6.00." in " ".join(page(session).facts["pay"])
    assert "you are paid £8.70 in all" in " ".join(page(session).facts["pay"])
    monkeypatch.setattr("recruitment.so_far.is_worth_told", lambda _version: False)
    said = str(page(session).facts) + str(table(page(session), ""))
    assert "£1.20" not in said
    assert "60 point" not in said
    assert "you are paid £7.50 in all" in said
    assert "It is worked out when you have finished." in said


def test_excused_visit_is_neither_earned_nor_to_come(make_version: MakeVersion) -> None:  # noqa: F811
    session = enrolled(made(make_version, payments=PAID))
    rescue.excuse(session.participant.code, number=1, reason="ill")
    found = page(newest(session))
    assert shapes(found)[1] == "excused"
    assert "you are paid £6.50 in all" in " ".join(found.facts["pay"])
    assert found.facts["before"] == ""


def test_page_asks_for_the_next_at_the_instant_at_which_it_opens(version: Version) -> None:
    session = enrolled(version)
    clock.stand(berlin(2027, 3, 23, 8) - timedelta(seconds=3))
    browser = browser_of(session)
    html = browser.get("/s/").content.decode()
    assert 'data-opens-seconds="3"' in html
    clock.stand(berlin(2027, 3, 23, 8))
    assert page(session).facts["next"] == "Your next visit opens now.", "nobody has opened it yet"
    assert page(session).facts["opens_seconds"] == 1
    assert "You can begin now." in browser.get("/s/").content.decode(), "whoever comes opens it"


STATES = ["planned", "open", "started", "completed", "partial", "missed", "excused", "cancelled"]
BEGUN = ("started", "completed", "partial")


def test_what_is_told_is_what_would_be_paid_whatever_became_of_the_visits(version: Version) -> None:
    session = enrolled(version)
    person, chance = session.participant, Random(7)
    waves = [(row.wave, row.repeat) for row in person.scheduled.order_by("number")]
    visits = [Session.objects.create(participant=person, wave=wave, repeat=repeat) for wave, repeat in waves]
    for _ in range(40):
        states = chance.choices(STATES, k=4)
        for row, state, visit in zip(person.scheduled.order_by("number"), states, visits, strict=True):
            own = visit if state in BEGUN else None
            ScheduledSession.objects.filter(pk=row.pk).update(state=state, session=own)
        talks = states[:3]
        done, to_come = talks.count("completed"), sum(talks.count(one) for one in ("planned", "open", "started"))
        found = pay_so_far(session)
        assert found.tables[-1].rows[-1][-1] == f"£{0.5 + done:.2f}"
        assert f"you are paid £{4.5 + done + to_come:.2f} in all." in found.sentences[1]
        assert f"have missed {states.count('missed')}." in found.sentences[2]
        assert total_of(reckon(terms_of(version, "left"), earned_by(person)), "visits") == round(100 * (0.5 + done))
