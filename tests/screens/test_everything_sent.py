"""Whatever a participant's browser is sent, to the last header and hidden field, gives nothing away."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.conf import LazySettings, settings

from config.places import ROOT
from events import runner
from flow import pace, views
from flow.forms import FORM, MOST_BYTES
from flow.services import rescue, sessions
from matching.models import Group
from participants import limiter
from participants import services as people
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from scheduling.models import Session
from screens.screen import Drawn
from studies.models import Version
from studies.services import amend, close_study, pause_study
from tests.experiments.test_partner_selection_texts import GIVING_AWAY
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    MakeVersion,
    at_stage,
    fresh,
    go_on,
    good_value,
    let_pass,
    make_version,
    page,
    send,
    sharing_is_installed,
)
from tests.screens.sending import Listening, found_in, in_html, spaced
from tests.stages.test_stage_kinds import after_the_game, right_check, seated

Heard = dict[str, list[str]]
OURS = re.compile(r"\b(sharing with hidden or marked partners|study-[0-9a-f]{8}|levels?)\b", re.IGNORECASE)
SYNTAX = re.compile(r"document\.hidden|button\.hidden|aria-hidden|\[hidden\]|overflow: hidden|\"hidden\"")


@pytest.mark.parametrize("name", ["drawn_main", "drawn_demo"])
def test_source_of_every_page_gives_nothing_away(name: str, request: pytest.FixtureRequest) -> None:
    drawn: Drawn = request.getfixturevalue(name)
    found = found_in({str(screen.key): in_html(screen.html) for screen in drawn.screens}, GIVING_AWAY)
    assert found == {}
    assert len(drawn.screens) > 100


def test_hidden_fields_are_read_too(drawn_main: Drawn) -> None:
    read = {text for screen in drawn_main.screens for text in in_html(screen.html)}
    assert {"rev", "key", "take_part", "returned"} <= read
    assert in_html('<!-- a bot --><input type="hidden" name="x" value="trusted">') == [" a bot ", "x", "trusted"]
    assert GIVING_AWAY.search(spaced("in_trust"))


@pytest.mark.parametrize("folder", ["js", "css"])
def test_scripts_and_styles_give_nothing_away(folder: str) -> None:
    files = sorted((ROOT / "static" / folder).rglob("*.*"))
    assert len(files) > 1
    for file in files:
        text = SYNTAX.sub("", file.read_text())
        assert GIVING_AWAY.findall(spaced(text)) == [], file


@pytest.fixture
def heard() -> Heard:
    return {}


def browser_of(session: Session, heard: Heard) -> Listening:
    """A browser that carries the person's cookie."""
    secret = f"secret-{session.participant.code}"
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest(secret))
    client = Listening(heard)
    client.cookies[cookie_name()] = secret
    return client


def form_of(client: Listening, **data: str) -> str:
    html = client.get("/s/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)">', html))
    return urlencode({**hidden, **data})


def press(client: Listening, **data: str) -> Any:
    client.post("/s/", form_of(client, **data), content_type=FORM)
    return client.get("/s/")


def is_quiet(heard: Mapping[str, list[str]], *, internal: re.Pattern[str] = OURS) -> bool:
    found = found_in(heard, GIVING_AWAY) | found_in(heard, internal)
    assert found == {}
    return bool(heard)


def statuses(heard: Heard) -> set[int]:
    return {int(name.split()[2]) for name in heard}


@pytest.mark.django_db(transaction=True)
def test_door_gives_nothing_away(make_version: MakeVersion, heard: Heard, settings: LazySettings) -> None:  # noqa: F811
    version = make_version()
    client = Listening(heard)
    path = f"/j/{people.make_link(version.study)}"
    client.get(path)
    client.post(path, {"form_key": "a"})
    client.get("/s/")
    settings.MOST_ENTRIES_PER_ADDRESS = 1
    for number in range(3):
        Listening(heard).post(path, {"form_key": f"b{number}"})
    for _ in range(limiter.TRIES + 1):
        client.get(f"/j/{'x' * 43}")
    strict = Listening(heard, enforce_csrf_checks=True)
    strict.post(path, {"form_key": "c"})
    for address in ("/s/", "/s/poll", "/s/leave", "/s/recorded", "/nowhere"):
        Listening(heard).get(address)
    Listening(heard).put("/s/", b"x")
    pause_study(version.study)
    Listening(heard).post(path, {"form_key": "d"})
    close_study(version.study)
    Listening(heard).post(path, {"form_key": "e"})
    assert {200, 303, 403, 404, 429} <= statuses(heard)
    assert is_quiet(heard)


@pytest.mark.django_db(transaction=True)
def test_forms_that_are_refused_are_answered_without_giving_anything_away(
    make_version: MakeVersion,  # noqa: F811
    heard: Heard,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = browser_of(at_stage(make_version(), "consent"), heard)
    client.post("/s/", form_of(client), content_type=FORM)
    client.post("/s/", form_of(client), content_type=FORM, headers={"X-Fragment": "1"})
    for body, kind in ((b"x" * (MOST_BYTES + 1), FORM), (b"{}", "application/json"), (b"key=1&rev=r", FORM)):
        client.post("/s/", body, content_type=kind)
    client.post("/s/leave", b"do=nothing", content_type=FORM)
    client.post("/s/", urlencode({"key": str(uuid4()), "rev": "0.0"}), content_type=FORM)
    said = form_of(client, take_part="yes")
    client.post("/s/", said, content_type=FORM)
    client.post("/s/", said, content_type=FORM)
    client.post("/s/", f"{said}&more=1", content_type=FORM)
    client.delete("/s/")
    client.get("/s/recorded")
    client.get("/s/poll", {"rev": "0.0"})
    for _ in range(pace.MOST):
        client.post("/s/", b"", content_type=FORM)
    monkeypatch.setattr(views, "_now", lambda _: 1 / 0)
    client.get("/s/")
    assert {200, 303, 400, 404, 405, 409, 413, 415, 422, 429, 500} <= statuses(heard)
    assert is_quiet(heard)


@pytest.mark.django_db(transaction=True)
def test_way_through_the_study_gives_nothing_away(make_version: MakeVersion, heard: Heard) -> None:  # noqa: F811
    here = after_the_game(make_version)
    client = browser_of(here[0], heard)
    while here[0].status == "active":
        client.get("/s/")
        client.get("/s/leave")
        client.get("/s/poll", {"rev": "0.0"})
        press(client, **{field.key: good_value(here[0], field) for field in page(here[0]).fields})
        here[0] = fresh(here[0])
    assert here[0].participant.code in client.get("/s/").content.decode()
    assert is_quiet(heard)


def texts_of(version: Version, home: Path) -> Path:
    return home / version.study.slug


@pytest.mark.django_db(transaction=True)
def test_consent_that_is_asked_again_gives_nothing_away(
    make_version: MakeVersion,  # noqa: F811
    tmp_path: Path,
    heard: Heard,
) -> None:
    session = at_stage(make_version(), "instructions")
    version = session.participant.version
    folder = texts_of(version, tmp_path)
    words = (folder / "pages/consent.md").read_text()
    (folder / "pages/consent.md").write_text(f"{words}\nWe now keep the time, too.\n")
    amend(version.study, folder, reason="the board asked for it")
    runner.drain("jobs")
    client = browser_of(go_on(session), heard)
    assert "has changed since you agreed" in client.get("/s/").content.decode()
    press(client)
    press(client, decline="1")
    assert is_quiet(heard)


LATE = {"group_done": "When your group has finished", "collection_closed": "There is more to say"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("when", LATE)
@pytest.mark.parametrize("choice", [{}, {"withdraw": "1"}])
def test_last_page_gives_nothing_away_before_and_after_the_debrief_comes(
    make_version: MakeVersion,  # noqa: F811
    heard: Heard,
    when: str,
    choice: dict[str, str],
) -> None:
    here = after_the_game(lambda **facts: make_version(debrief={"when": when}, **facts))
    sessions.leave(here[1].pk, withdraw=True)
    client, gone = browser_of(go_on(here[0]), heard), browser_of(here[1], heard)
    runner.drain("jobs")
    for one in (client, gone):
        assert LATE[when] in one.get("/s/").content.decode()
    go_on(here[2])
    if fresh(here[2]).status == Session.Status.ACTIVE:
        go_on(here[2])
    close_study(here[0].participant.version.study)
    for one in (client, gone):
        assert "Some players were AI" in one.get("/s/").content.decode()
    press(client, **choice)
    runner.drain("jobs")
    client.get("/s/")
    assert is_quiet(heard, internal=re.compile("sharing with hidden", re.IGNORECASE))


@pytest.mark.django_db(transaction=True)
def test_what_follows_a_game_that_ended_early_gives_nothing_away(make_version: MakeVersion, heard: Heard) -> None:  # noqa: F811
    here = seated(make_version)
    client = browser_of(here[0], heard)
    client.get("/s/")
    for one in here:
        send(one, told=right_check())
    client.get("/s/")
    rescue.end_group(Group.objects.get().code, reason="a test")
    client.get("/s/")
    let_pass(61, here[0])
    client.post("/s/leave", urlencode({"do": "leave"}), content_type=FORM)
    client.get("/s/")
    assert is_quiet(heard)


def test_addresses_and_cookies_name_nothing() -> None:
    from config.urls import urlpatterns
    from participants.urls import urlpatterns as door

    addresses: list[Any] = [*urlpatterns, *door]
    own = [str(each.pattern) for each in addresses] + [cookie_name(), settings.CSRF_COOKIE_NAME]
    assert [text for text in own if GIVING_AWAY.search(spaced(text))] == []
