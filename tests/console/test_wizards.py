"""Behind the curtain, on the researcher's pages: one sits there, reads what the seat's page shows, and writes."""

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from bots.models import WizardReply, WizardSeat
from config.study_masking import warning_of
from events import runner
from events.models import Event
from flow.models import Match
from flow.page import Page
from paradigm import Card, Line, Table, View
from studies.models import Membership, Study
from tests.bots import answers
from tests.bots.curtains import WIZARD, asked, let_pass
from tests.bots.meetings import Acquainted, say, version_with
from tests.bots.talking import reply, texts, turn_of
from tests.chat.conftest import games_are_installed  # noqa: F401  a fixture is found by name
from tests.console.conftest import SignIn
from tests.console.test_masking import run

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "I have told nobody."


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def waiting(**said: Any) -> Match:
    """A person has written, and the seat is to answer; its model has made a draft."""
    match = Acquainted(version_with(None, wizard=WIZARD | said)).meet()
    answers.will(reply("a draft"))
    say(match, SECRET)
    runner.drain("bots")
    return match


def study_of(match: Match) -> Study:
    return match.group.version.study


def at(match: Match, *, edit: bool = False) -> str:
    path = reverse("wizard_seat", args=[study_of(match).slug, turn_of(match).pk])
    return f"{path}?edit=1" if edit else path


def seated(match: Match, sign_in: SignIn) -> Client:
    """The browser of somebody who sits behind the seat."""
    browser = sign_in(study_of(match), "wizard")
    assert browser.post(at(match), {"do": "take"}).status_code == 302
    return browser


def send(browser: Client, match: Match, **said: Any) -> Any:
    answer = browser.post(at(match), {"reply": asked(match).pk, **said}, follow=True)
    runner.drain("bots")
    return answer


def test_words_are_for_who_sits_there_and_for_nobody_else(sign_in: SignIn) -> None:
    match = waiting()
    first, second = seated(match, sign_in), sign_in(study_of(match), "wizard")
    here = first.get(at(match)).content.decode()
    assert SECRET in here
    assert "a draft" in here
    there = second.get(at(match)).content.decode()
    assert "Somebody else sits behind this seat." in there
    listed = second.get(reverse("wizard", args=[study_of(match).slug])).content.decode()
    assert "Somebody else" in listed
    for text in (there, listed):
        assert SECRET not in text
        assert "a draft" not in text
    assert second.post(at(match), {"do": "take"}, follow=True).status_code == 200
    assert WizardSeat.objects.get().holder == "user0"


def test_what_people_wrote_is_shown_without_what_nobody_sees(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    match = waiting()
    words = "turn\u202eed ro\u200bund"
    view = View(cards=[Card("A", "", words)], lines=[Line("B", words)], tables=[Table("Before", ["It"], [[words, 1]])])
    monkeypatch.setattr("console.views.wizards.page_of", lambda _turn: Page("match", "Talk", view=view))
    shown = seated(match, sign_in).get(at(match)).content.decode()
    assert shown.count("turned round") == 3
    assert not {"\u202e", "\u200b"} & set(shown)


def test_page_tells_no_condition_and_no_code(sign_in: SignIn) -> None:
    match = waiting()
    browser = seated(match, sign_in)
    person = match.group.seats.get(occupant="person").participant
    assert person is not None
    pages = [browser.get(at(match)), browser.get(reverse("wizard", args=[study_of(match).slug]))]
    for page in pages:
        shown = page.content.decode()
        assert person.code not in shown
        assert match.group.code not in shown
        assert not re.search(r"\b(hidden|disclosed)\b", re.sub(r"<[^>]*>", " ", shown))


@pytest.mark.parametrize("role", ["owner", "editor"])
def test_while_data_come_in_only_who_has_no_other_part_sits_there(sign_in: SignIn, role: str) -> None:
    match = waiting()
    browser = sign_in(study_of(match), role)
    for address in (at(match), reverse("wizard", args=[study_of(match).slug])):
        answer = browser.get(address)
        assert answer.status_code == 403
        assert SECRET not in answer.content.decode()
    assert browser.post(at(match), {"do": "take"}).status_code == 403
    Study.objects.filter(pk=study_of(match).pk).update(is_demo=True)
    assert browser.get(at(match)).status_code == 200


def test_draft_is_said_as_it_is(sign_in: SignIn) -> None:
    match = waiting()
    assert "at the seat's own pace" in send(seated(match, sign_in), match, do="draft").content.decode().replace(
        "&#x27;", "'"
    )
    assert texts(match) == [SECRET, "a draft"]
    assert asked(match).by == "model"


def test_draft_is_changed_and_the_box_holds_it(sign_in: SignIn) -> None:
    match = waiting()
    browser = seated(match, sign_in)
    shown = browser.get(at(match, edit=True)).content.decode()
    assert re.search(r"<textarea[^>]*>a draft</textarea>", shown)
    assert f'name="begins" id="begins" value="{asked(match).pk}"' in shown
    send(browser, match, do="say", words="a better draft", begins=asked(match).pk)
    assert texts(match) == [SECRET, "a better draft"]
    assert asked(match).by == "model_edited"


def test_own_words_are_said_and_an_old_draft_does_not_count_as_theirs(sign_in: SignIn) -> None:
    match = waiting()
    send(seated(match, sign_in), match, do="say", words="my own", begins="0")
    assert (texts(match)[-1], asked(match).by) == ("my own", "person")


def test_what_is_refused_stays_in_the_box(sign_in: SignIn) -> None:
    match = waiting()
    answer = send(seated(match, sign_in), match, do="say", words="ring me: +44 20 7946 0958 <b>")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "ring me: +44 20 7946 0958 &lt;b&gt;" in shown
    assert "Not said:" in shown
    assert texts(match) == [SECRET]
    assert asked(match).outcome == "open"


def test_who_comes_too_late_is_told_so(sign_in: SignIn) -> None:
    match = waiting()
    browser, row = seated(match, sign_in), asked(match)
    let_pass(match)
    answer = browser.post(at(match), {"do": "say", "reply": row.pk, "words": "too late"}, follow=True)
    assert "It was too late" in answer.content.decode()
    assert texts(match) == [SECRET, "a draft"]
    assert "No message is wanted now." in browser.get(at(match)).content.decode()


@pytest.mark.parametrize("named", ["", "x", "999999", "-1", "9" * 40])
def test_message_that_nobody_asked_for_is_not_said(sign_in: SignIn, named: str) -> None:
    match = waiting()
    browser = seated(match, sign_in)
    browser.post(at(match), {"do": "say", "reply": named, "words": "hello"}, follow=True)
    runner.drain("bots")
    assert texts(match) == [SECRET]


def test_news_come_without_the_frame_and_keep_the_place(sign_in: SignIn) -> None:
    match = waiting()
    browser = seated(match, sign_in)
    before = WizardSeat.objects.get().lease_until
    part = browser.get(at(match), headers={"X-Fragment": "1"}).content.decode()
    assert "<html" not in part
    assert SECRET in part
    after = WizardSeat.objects.get().lease_until
    assert before is not None
    assert after is not None
    assert after > before
    browser.post(at(match), {"do": "leave"})
    assert SECRET not in browser.get(at(match), headers={"X-Fragment": "1"}).content.decode()


def test_seat_of_another_study_is_not_there(sign_in: SignIn) -> None:
    match, other = waiting(), waiting()
    browser = sign_in(study_of(other), "wizard")
    path = reverse("wizard_seat", args=[study_of(other).slug, turn_of(match).pk])
    assert browser.get(path).status_code == 404
    assert browser.post(path, {"do": "take"}).status_code == 404


def test_study_that_declares_nothing_has_no_such_page(sign_in: SignIn) -> None:
    match = Acquainted(version_with(None)).meet()
    browser = sign_in(study_of(match), "wizard")
    assert browser.get(reverse("wizard", args=[study_of(match).slug])).status_code == 404
    with pytest.raises(CommandError, match="nobody may write in its place"):
        run("study", "wizard", study_of(match).slug, "user0")


def test_who_writes_has_no_other_part_and_reads_nothing_else(sign_in: SignIn) -> None:
    match = waiting()
    slug = study_of(match).slug
    User.objects.create(username="ana", is_staff=True)
    assert "ana may write in an automated seat's place" in run("study", "wizard", slug, "ana")
    assert Membership.objects.get(user__username="ana").role == "wizard"
    assert Event.objects.filter(kind="study.wizard_named").count() == 1
    browser = Client()
    browser.force_login(User.objects.get(username="ana"))
    assert reverse("wizard", args=[slug]) in browser.get(reverse("studies")).content.decode()
    for name in ("study", "board", "data", "codebook", "parameters"):
        assert browser.get(reverse(name, args=[slug])).status_code == 403
    for verb in ("monitor", "member"):
        with pytest.raises(CommandError, match=r"ana is (a )?wizard of"):
            run("study", verb, slug, "ana", *(["--role", "owner"] if verb == "member" else []))
    assert "wizards: ana" in run("study", "deviations", slug)
    run("study", "wizard", slug, "ana", "--end")
    assert browser.get(reverse("wizard", args=[slug])).status_code == 404
    assert "wizards before: ana" in run("study", "deviations", slug)
    with pytest.raises(CommandError, match="ana is no wizard of"):
        run("study", "wizard", slug, "ana", "--end")


def test_who_opens_a_study_is_told_that_nobody_may_write(sign_in: SignIn) -> None:
    study = study_of(waiting())
    assert "Nobody may write in an automated seat's place" in warning_of(study)
    sign_in(study, "wizard")
    assert "write in" not in warning_of(study)
    assert "write in" not in warning_of(study_of(Acquainted(version_with(None)).meet()))


def test_who_knows_outcomes_does_not_write(sign_in: SignIn) -> None:
    match = waiting()
    slug = study_of(match).slug
    sign_in(study_of(match), "analyst")
    with pytest.raises(CommandError, match="user0 is analyst of"):
        run("study", "wizard", slug, "user0")
    User.objects.create(username="bea", is_staff=True)
    run("study", "monitor", slug, "bea")
    run("study", "monitor", slug, "bea", "--end")
    with pytest.raises(CommandError, match="bea was a monitor of"):
        run("study", "wizard", slug, "bea")
    assert Membership.objects.get(user__username="bea").role == "former"
    assert WizardReply.objects.count() == 1
