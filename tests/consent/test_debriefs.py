"""Everybody who was exposed to a deception is told, in time and not before it, and what was done for it is kept."""

import csv
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from events import runner
from events.models import Event
from exports.services.bundle import export
from flow.debriefing import exposed_in
from flow.models import Debriefing
from flow.services import debriefs, rescue, sessions
from matching.models import Group, Seat
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from recruitment.models import Settlement
from scheduling.models import Session
from studies.models import Version
from studies.services import close_study
from tests.machinery.people import MakeVersion, at_once, at_stage, fresh, go_on, page, send, stage_id, study_of
from tests.stages.test_by_http import press
from tests.stages.test_stage_kinds import after_the_game, right_check, seated
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = "Some players were AI."
MORE = "There is more to say about this study."
GROUP = "When your group has finished, this page will explain"


def browser_of(session: Session) -> Client:
    """A browser that carries the person's cookie."""
    secret = f"secret-{session.participant.code}"
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest(secret))
    client = Client(headers={"host": "localhost"})
    client.cookies[cookie_name()] = secret
    return client


def look(session: Session) -> str:
    """Load one's page in a browser."""
    return browser_of(session).get("/s/").content.decode()


def playing(make_version: MakeVersion, **facts: object) -> list[Session]:
    here = seated(make_version, **facts)
    for one in here:
        send(one, told=right_check())
    return [fresh(one) for one in here]


def end_of_collection(session: Session) -> Version:
    version = session.participant.version
    close_study(version.study)
    return version


def test_in_its_place_it_is_kept_that_the_page_was_served_once(make_version: MakeVersion) -> None:
    session = go_on(after_the_game(make_version)[0])
    assert page(session).title == "What this was about"
    assert not Debriefing.objects.exists(), "working the page out is not serving it"
    assert TOLD in look(session)
    look(session)
    (told,) = Debriefing.objects.all()
    assert (told.how, told.attempt, told.delivered_at is not None) == ("stage", 1, True)
    assert Event.objects.filter(kind="debrief.delivered").count() == 1
    go_on(session)
    assert Event.objects.filter(kind="data.kept", subject_id=session.participant_id).count() == 1
    assert TOLD not in look(session), "it was read in its place"


def test_two_loads_at_once_are_one_delivery(make_version: MakeVersion) -> None:
    session = go_on(after_the_game(make_version)[0])
    done = at_once([lambda: debriefs.mark_delivered(session.participant, "stage")] * 4)
    assert sorted(map(str, done)) == ["False", "False", "False", "True"]


def test_with_group_done_it_waits_for_who_is_still_on_the_way(make_version: MakeVersion) -> None:
    here = after_the_game(lambda **facts: make_version(debrief={"when": "group_done"}, **facts))
    first = go_on(here[0])
    assert (first.status, stage_id(fresh(here[1]))) == ("finished", "after"), "its place was passed over"
    assert Settlement.objects.get().base_minor == 400
    html = look(first)
    assert GROUP in html
    assert TOLD not in html
    assert 'data-awaits="yes"' in html
    second = go_on(here[1])
    assert second.status == "finished"
    third = go_on(here[2])
    assert (stage_id(third), page(third).title) == ("debrief", "What this was about"), "nobody is behind the last"
    html = look(first)
    assert TOLD in html
    assert "Keep my data" in html
    assert 'data-awaits="no"' in html


def test_a_page_that_waits_for_more_is_replaced_when_there_is_more(make_version: MakeVersion) -> None:
    giver = next(one for one in playing(make_version) if Seat.objects.get(session=one).role == "giver")
    sessions.leave(giver.pk)
    client = browser_of(giver)
    html = client.get("/s/").content.decode()
    rev, seen = (html.partition(f'data-{name}="')[2].partition('"')[0] for name in ("rev", "digest"))
    assert client.get("/s/poll", {"rev": rev, "digest": seen}).status_code == 204
    rescue.end_group(Group.objects.get().code, reason="a test")
    news = client.get("/s/poll", {"rev": rev, "digest": seen})
    assert news.status_code == 200
    assert TOLD in news.content.decode()
    assert Debriefing.objects.get().how == "last_page"


def test_with_collection_closed_nobody_is_told_before_and_everybody_afterwards(make_version: MakeVersion) -> None:
    here = after_the_game(lambda **facts: make_version(debrief={"when": "collection_closed"}, **facts))
    done = go_on(here[0])
    sessions.leave(here[1].pk)
    assert done.status == "finished"
    for one in (here[0], here[1]):
        assert MORE in look(one)
        assert TOLD not in look(one)
    assert not Debriefing.objects.exists()
    version = end_of_collection(here[0])
    for one in (here[0], here[1]):
        assert TOLD in look(one)
        assert MORE not in look(one)
    third = go_on(here[2])
    assert stage_id(third) == "debrief", "who comes to it after the end reads it in its place"
    assert [one.delivered_at is not None for one in exposed_in(version.study)].count(True) == 2


def test_collection_is_not_over_while_somebody_plays(make_version: MakeVersion) -> None:
    version = make_version(debrief={"when": "collection_closed"})
    giver = next(one for one in playing(lambda **_: version) if Seat.objects.get(session=one).role == "giver")
    sessions.leave(giver.pk)
    end_of_collection(giver)
    assert MORE in look(giver)
    rescue.end_group(Group.objects.get().code, reason="a test")
    assert TOLD in look(giver)


@pytest.mark.parametrize("choice", ["keep", "delete"])
def test_late_the_choice_comes_before_the_code_and_changes_no_pay(make_version: MakeVersion, choice: str) -> None:
    here = after_the_game(make_version)
    sessions.leave(here[0].pk)
    client, paid = browser_of(here[0]), Settlement.objects.get().total_minor
    html = client.get("/s/").content.decode()
    assert html.index("Keep my data") < html.index('id="code"')
    assert TOLD in html
    after = press(client, **({"withdraw": "1"} if choice == "delete" else {}))
    assert "Keep my data" not in after
    assert Settlement.objects.get().code in after
    assert Settlement.objects.get().total_minor == paid
    runner.drain("jobs")
    person = Participant.objects.get(pk=here[0].participant_id)
    assert (person.status, person.erased_at is not None) == (
        ("withdrawn", True) if choice == "delete" else ("finished", False)
    )
    assert send(here[0], withdraw="1") == "stale", "the choice was made"
    assert TOLD in look(here[0]), "what was told can be read again"
    assert [str(one) for one in check(person.study, late_after_seconds=3600).differences] == []


def test_no_choice_is_offered_where_nothing_is_hidden_and_the_study_file_offers_none(make_version: MakeVersion) -> None:
    pace = {"min_s": 0, "max_s": 0, "think_s": [0, 0]}
    computer = {"occupant": "policy", "policies": ["half"], "asked_if_ai": "admit", "delay": pace}
    open_ = {
        "deception": [],
        "partners": {
            "person": {"occupant": "person", "label": {"all": "Person"}},
            "computer": computer | {"label": {"all": "Program"}},
        },
        "debrief": {"offer_data_withdrawal": False},
    }
    here = after_the_game(lambda **facts: make_version(**open_, **facts))
    sessions.leave(here[0].pk)
    assert page(here[0]).button == ""
    assert send(here[0], withdraw="1") == "stale"


def test_list_says_who_is_owed_it_and_links_count_as_attempts(
    make_version: MakeVersion, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = after_the_game(make_version)
    study = study_of(here[0].participant.version)
    look(go_on(here[0]))
    sessions.leave(here[1].pk)
    at_stage(here[0].participant.version, "quiz")  # met nobody, so nothing was kept from them
    call_command("study", "debriefs", study.slug)
    said = capsys.readouterr().out
    assert "3 exposed: 1 told, 0 tried twice or more, 2 still owed it" in said
    assert f"{here[1].participant.code}  left           not told, not tried: owed" in said
    for number in (1, 2):
        call_command("study", "debriefs", study.slug, "--links", str(tmp_path / f"{number}.csv"))
    said = capsys.readouterr().out
    assert "3 exposed: 1 told, 2 tried twice or more, 0 still owed it" in said
    rows = list(csv.DictReader((tmp_path / "2.csv").open()))
    assert (tmp_path / "2.csv").stat().st_mode & 0o777 == 0o600, "whoever has a link is let in as that person"
    assert sorted(row["participant"] for row in rows) == sorted(one.participant.code for one in here[1:])
    assert all(one.is_settled for one in exposed_in(study))
    with pytest.raises(CommandError, match="no link was made"):
        call_command("study", "debriefs", study.slug, "--links", str(tmp_path / "2.csv"))
    assert Debriefing.objects.filter(how="message").count() == 4
    link = next(row["link"] for row in rows if row["participant"] == here[1].participant.code)
    client = Client(headers={"host": "localhost"})
    assert client.post(f"/j/{link.rpartition('/')[2]}").status_code == 303
    assert TOLD in client.get("/s/").content.decode()
    assert [one.delivered_at is not None for one in exposed_in(study)].count(True) == 2


def test_links_are_refused_while_the_page_would_explain_nothing(make_version: MakeVersion, tmp_path: Path) -> None:
    version = make_version(debrief={"when": "collection_closed"})
    with pytest.raises(CommandError, match="close it"):
        call_command("study", "debriefs", version.study.slug, "--links", str(tmp_path / "links.csv"))
    assert not (tmp_path / "links.csv").exists()


def test_dataset_tells_whom_it_reached_and_who_kept_the_data(make_version: MakeVersion, tmp_path: Path) -> None:
    here = after_the_game(make_version)
    first = go_on(here[0])
    look(first)
    go_on(first)
    export(study_of(first.participant.version), tmp_path / "out")
    with (tmp_path / "out" / "debriefings.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(r["participant"], r["how"], r["attempt"], r["is_delivered"]) for r in rows] == [
        (first.participant.code, "stage", "1", "1")
    ]
    with (tmp_path / "out" / "participants.csv").open() as file:
        kept = {row["participant"]: row["kept_data"] for row in csv.DictReader(file)}
    assert kept == {one.participant.code: "1" if one.pk == first.pk else "" for one in here}
