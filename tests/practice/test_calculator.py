"""The worked example on pages: reckoned by the game's own rules, beside the page's own fields, and counted."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from events.models import Event
from exports.scope import Scope
from exports.tables.events import EVENTS
from flow.models import Act, Match
from flow.queries import turn
from matching.models import Group
from participants import services as people
from scheduling.models import Session
from simulation.pages import read
from studies.models import Version
from tests.machinery.people import FOLDER, MakeVersion, fresh, go_on, page, stage_id

pytestmark = pytest.mark.django_db(transaction=True)
INSTRUCTIONS = (FOLDER / "pages/instructions.md").read_text() + "\n{{ calculator }}\n"
GIVING = (FOLDER / "pages/game/give_giver.md").read_text() + "\n{{ calculator }}\n"
TEXTS = {"pages/instructions.md": INSTRUCTIONS, "pages/game/give_giver.md": GIVING}
ALONE = {"giver": {"humans": 1}, "taker": {"ai": 1}}
PLAIN = {"experiment": "sharing", "parameters": {"rounds": 1, "endowment": 12}}
WORKED = {"A.give.given": "5"}


def browser() -> Client:
    return Client(headers={"host": "localhost"})


def post(client: Client, **data: str) -> int:
    """Send the form of the page; the status of the answer."""
    form = read(client.get("/s/").content.decode()).hidden
    body = urlencode({name: form[name] for name in ("key", "rev")} | data)
    return client.post("/s/", body, content_type="application/x-www-form-urlencoded").status_code


def at(version: Version, client: Client, stage: str) -> Session:
    client.post(f"/j/{people.make_link(version.study)}")
    session = fresh(Session.objects.latest("pk"))
    while stage_id(session) != stage:
        session = go_on(session)
    return session


def paying(make_version: MakeVersion, **said: object) -> Version:
    return make_version(texts=TEXTS, roles=ALONE, game=PLAIN, **said)


def test_instructions_hold_the_example_below_their_text_and_no_slot(make_version: MakeVersion) -> None:
    client = browser()
    at(paying(make_version), client, "instructions")
    html = client.get("/s/").content.decode()
    assert "~calculator~" not in html
    assert html.count('<form method="get" action="/s/calculator"') == 1
    assert 'name="A.give.given"' in html
    assert html.index("</section>") < html.index('<form method="post"')  # no form within another
    assert "style=" not in html


def test_page_without_the_slot_has_none_and_offers_none(make_version: MakeVersion) -> None:
    client = browser()
    session = at(paying(make_version), client, "instructions")
    go_on(session)
    assert "calculator" not in client.get("/s/").content.decode()
    assert client.get("/s/calculator", WORKED).status_code == 404
    assert client.post("/s/calculator", WORKED).status_code == 405
    assert browser().get("/s/calculator").status_code == 403
    assert not Event.objects.filter(kind="calculator.used").exists()


def test_form_without_a_script_gives_a_page_of_its_own(make_version: MakeVersion) -> None:
    client = browser()
    at(paying(make_version), client, "instructions")
    answer = client.get("/s/calculator", WORKED)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Then they would earn:" in html
    assert 'name="A.give.given" value="5"' in html
    assert "Your task is still open in the other tab." in html
    assert 'data-still="yes"' in html


def test_refusal_stands_beside_its_field(make_version: MakeVersion) -> None:
    client = browser()
    at(paying(make_version), client, "instructions")
    html = client.get("/s/calculator", {"A.give.given": "13"}).content.decode()
    assert "Please choose from 0 to 12." in html
    assert "Then they would earn" not in html


def test_it_is_counted_by_person_stage_and_step_but_not_what_was_tried(make_version: MakeVersion) -> None:
    client, version = browser(), paying(make_version)
    session = at(version, client, "instructions")
    for _ in range(2):
        client.get("/s/calculator", WORKED)
    client.get("/s/calculator")  # only opened
    client.head("/s/calculator", WORKED)
    found = list(Event.objects.filter(kind="calculator.used").values_list("subject_id", "facts"))
    assert found == [(session.pk, {"stage": "instructions"})] * 2
    rows = [row for row in EVENTS.rows(Scope(version.study)) if row["kind"] == "calculator.used"]
    assert [(row["participant"], row["facts"]) for row in rows] == [
        (session.participant.code, {"stage": "instructions"})
    ] * 2


def test_in_the_game_it_touches_nothing_that_is_played(make_version: MakeVersion) -> None:
    client, version = browser(), paying(make_version)
    session = at(version, client, "lobby")
    go_on(session)
    right = "told_no" if "hidden" in Group.objects.get().condition else "told_yes"
    assert post(client, told=right) == 303
    assert stage_id(fresh(session)) == "game"
    before = client.get("/s/").content.decode()
    answer = client.get("/s/calculator", WORKED, headers={"X-Fragment": "1"})
    assert "Then they would earn:" in answer.content.decode()
    assert Act.objects.count() == 0
    assert page(session).fields[0].key == "given"
    assert re.search(r'data-rev="([^"]+)"', before)[1] == read(client.get("/s/").content.decode()).rev  # type: ignore[index]
    facts = Event.objects.get(kind="calculator.used").facts
    assert facts == {"stage": "game", "round": 1, "path": "give"}


def test_simulated_people_and_models_do_not_take_it_for_a_question(make_version: MakeVersion) -> None:
    client = browser()
    at(paying(make_version), client, "instructions")
    shown = read(client.get("/s/").content.decode())
    assert shown.asked == {}
    assert shown.button
    assert "work" not in dict(shown.buttons)


def test_models_read_the_words_without_it(make_version: MakeVersion) -> None:
    version = make_version(
        texts={**TEXTS, "prompts/one.md": "Play {{ rounds }} rounds."},
        roles={"giver": {"humans": 1}, "taker": {"ai": 1}},
        game=PLAIN,
    )
    client = browser()
    session = at(version, client, "lobby")
    go_on(session)
    assert post(client, told="told_no" if "hidden" in Group.objects.get().condition else "told_yes") == 303
    match = Match.objects.get()
    seat = match.placings.get(seat__role="giver").seat
    seat.occupant = "model"
    seat.save()
    facts = turn(match.pk, match.path, seat.pk)
    assert facts is not None
    assert facts.text
    assert "calculator" not in facts.text


def test_failing_rules_leave_the_page_without_it(make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser()
    at(paying(make_version), client, "instructions")

    def fails(*_: object) -> None:
        raise ValueError("a bug of the experiment")

    monkeypatch.setattr("flow.calculator.work_out", fails)
    answer = client.get("/s/")
    assert answer.status_code == 200
    assert "/s/calculator" not in answer.content.decode()
    assert client.get("/s/calculator", WORKED).status_code == 404


def test_too_many_examples_are_put_off_and_forms_still_taken(
    make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser()
    session = at(paying(make_version), client, "instructions")
    monkeypatch.setattr("flow.views.pace.is_too_fast", lambda _person, what="forms": what == "examples")
    assert client.get("/s/calculator", WORKED).status_code == 429
    assert post(client) == 303
    assert stage_id(fresh(session)) == "quiz"
