"""What people write in questionnaires is screened as what they say is: a row, the card on the next page, an alert."""

import json
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command

from chat import case_numbers
from chat.models import WordsStep, WordsTrigger
from chat.safety import policy, services
from chat.safety.queries import unanswered, untold
from chat.screening_wordings import edition
from console.board import board_of
from events import due, runner
from events.models import Due, Event
from exports.own_copy import copy_of
from exports.scope import Scope
from exports.services import erasure
from exports.tables.safety_words import SAFETY_WORDS
from flow.queries import rev_of
from flow.services import sessions
from measures.models import Answer
from participants.models import Participant
from tests.chat.safe_rooms import CARD, NOTE, OFFER, SAFETY_SAID, STOP, past_guards
from tests.consent.test_erasure_races import slowed
from tests.consent.test_own_copy import browser_of
from tests.consent.trading import Writer, group_of_three, participant_of, trading
from tests.machinery.people import FOLDER, fresh, good_value, page
from tests.verification.played import Played, play
from tests.verification.tampering import change, remove
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
OFFERED = 'class="support offered"'
CALM = "Nothing, it was a nice game."


def safe(home: Path) -> Played:
    """A study with questions in one's own words that says what protects people."""
    consent = (FOLDER / "pages" / "consent.md").read_text() + "\n{{ staffed_hours }}\n"
    texts = {"card.md": CARD, "pages/consent.md": consent}
    staffed = {"zone": "UTC", "hours": [{"days": ["mon"], "begin": "10:00", "end": "18:00"}]}
    return trading(home, texts=texts, safety=SAFETY_SAID | {"card": {"en": "card.md"}, "staffed": staffed})


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return safe(tmp_path)


def after_the_game(played: Played) -> list[Writer]:
    """Three who have played and are asked questions."""
    trio, group = group_of_three(played)
    play(trio, group)
    for person in trio:
        person.go_to("after")
    return trio


def form_of(person: Writer, words: str) -> dict[str, str]:
    session = fresh(person.session)
    return {field.key: good_value(session, field) for field in page(session).fields} | {"words": words}


def answered(played: Played, words: str) -> Writer:
    """Somebody who has answered with some words, and stands before the page after that."""
    person = after_the_game(played)[0]
    assert person.send(**form_of(person, words)) == "stored"
    return person


def differences(played: Played) -> list[str]:
    return [str(one) for one in check(played.study, played.ledger, late_after_seconds=3600).differences]


def named(played: Played) -> set[str]:
    return {one.what for one in check(played.study, played.ledger, late_after_seconds=3600).differences}


@pytest.mark.parametrize(("words", "tier"), [(NOTE, "note"), (OFFER, "offer"), (STOP, "stop")])
def test_each_tier_is_a_row_without_words_and_the_next_page_has_the_card(played: Played, words: str, tier: str) -> None:
    person = answered(played, words)
    row = WordsTrigger.objects.get()
    assert (row.tier, row.stage, row.item, row.attempt, row.source) == (tier, "after", "words", 1, "rules")
    kept = Answer.objects.get(item="words", session=row.session)
    assert (kept.value, kept.edition, row.edition) == (words, edition(), edition())
    told = Event.objects.filter(kind__startswith="safety.words").values_list("facts", flat=True)
    assert {json.dumps(facts) for facts in told} == {json.dumps({"trigger": row.pk})}
    browser, has_card = browser_of(person), tier != "note"
    for _ in range(2):
        shown = browser.get("/s/").content.decode()
        assert (OFFERED in shown) == has_card
        assert (shown.count("Call the example line.") == 2) == has_card, "beside the page, and at its foot"
    assert WordsStep.objects.filter(what="card").count() == int(has_card)
    support = [one.what for one in copy_of(fresh(person.session)).support]
    assert support == (["You were shown where to find help."] if has_card else [])
    person.go_on()
    assert OFFERED not in browser.get("/s/").content.decode(), "the page after that is as ever"
    assert participant_of(person).exit == "completed", "nobody is excluded"
    assert differences(played) == []


def test_card_waits_for_whoever_comes_back_later_and_stays_on_that_page_alone(played: Played) -> None:
    person = answered(played, OFFER)
    person.go_on()  # without having looked at the page
    browser = browser_of(person)
    assert OFFERED in browser.get("/s/").content.decode(), "the end has it, too"
    assert OFFERED in browser.get("/s/").content.decode()
    step = WordsStep.objects.get()
    assert (step.session_id, step.page) == (person.session.pk, rev_of(fresh(person.session)).partition(".")[0])


def test_nothing_is_found_in_calm_words(played: Played) -> None:
    person = answered(played, CALM)
    assert not WordsTrigger.objects.exists()
    assert Answer.objects.get(item="words", session=person.session).edition == edition()
    assert OFFERED not in browser_of(person).get("/s/").content.decode()
    assert differences(played) == []


def test_nothing_is_looked_at_in_a_study_that_says_nothing_of_safety(tmp_path: Path) -> None:
    plain = trading(tmp_path)
    person = answered(plain, STOP)
    assert not WordsTrigger.objects.exists()
    assert Answer.objects.get(item="words", session=person.session).edition == ""
    assert OFFERED not in browser_of(person).get("/s/").content.decode()
    assert differences(plain) == []


def test_same_form_twice_is_one_row(played: Played) -> None:
    person = after_the_game(played)[0]
    session, key = fresh(person.session), UUID(int=7, version=4)
    data, rev = form_of(person, STOP), rev_of(fresh(person.session))
    for _ in range(2):
        assert sessions.submit(session.pk, key=key, rev=rev, data=data).outcome == "stored"
    assert WordsTrigger.objects.count() == 1
    assert Due.objects.filter(reaction="chat.safety.alerts.send_of_words").count() == 1


def test_screening_that_fails_shows_the_card_and_the_answer_is_stored(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise TimeoutError("too long")

    monkeypatch.setattr(policy, "screened", broken)
    person = answered(played, CALM)
    rows = WordsTrigger.objects.all()
    assert {(row.tier, row.source, tuple(row.rules)) for row in rows} == {("offer", "failed", ("TimeoutError",))}
    assert sorted(row.act is None for row in rows) == [False, False, True], "two decisions in words, and one answer"
    assert OFFERED in browser_of(person).get("/s/").content.decode()
    assert named(played) == set()


def test_whoever_is_on_call_is_told_at_least_once_of_a_stop_and_reads_no_word(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = answered(played, STOP)

    def fails(*_said: object) -> None:
        raise ConnectionRefusedError("no server")

    with monkeypatch.context() as without_a_server:
        without_a_server.setattr(mail.EmailMessage, "send", fails)
        runner.drain("jobs")
    assert not WordsStep.objects.filter(what="alerted").exists()
    waits = Due.objects.filter(reaction="chat.safety.alerts.send_of_words", outcome="")
    assert waits.update(run_after="2020-01-01T00:00Z") == 1
    runner.drain("jobs")
    (told,) = mail.outbox
    assert told.subject == f"Rapport: look at study {played.study.slug}, number 1"
    for secret in (participant_of(person).code, "kill", "after", *WordsTrigger.objects.get().rules):
        assert secret not in f"{told.subject}{told.body}"
    assert WordsStep.objects.filter(what="alerted").count() == 1


def test_only_a_stop_wakes_somebody(played: Played) -> None:
    answered(played, OFFER)
    runner.drain("jobs")
    assert mail.outbox == []


def test_team_reads_and_answers_it_once_as_what_was_said_in_a_conversation(played: Played) -> None:
    person, study = answered(played, STOP), played.study
    assert board_of(study).safety.startswith("1 (")
    with past_guards():
        WordsTrigger.objects.update(at="2020-01-01T00:00Z")
    assert untold(study) == list(WordsTrigger.objects.all())
    out = StringIO()
    call_command("safety", study.slug, stdout=out)
    assert out.getvalue().startswith(f"1  stop  rules  {participant_of(person).code}  OPEN for ")
    assert "nobody on call was told" in out.getvalue()
    assert "kill" not in out.getvalue()
    with pytest.raises(CommandError, match="a monitor reads"):
        call_command("safety", study.slug, read=1)
    study.memberships.create(user=User.objects.create(username="ana", is_staff=True), role="monitor")
    call_command("safety", study.slug, read=1, monitor="ana", stdout=out)
    assert "after, question words" in out.getvalue()
    assert out.getvalue().splitlines()[-1] == f"    {STOP}"
    call_command("safety", study.slug, answer=1, verdict="risk", done="We rang.", monitor="ana", stdout=out)
    with pytest.raises(CommandError, match="already"):
        call_command("safety", study.slug, answer=1, verdict="risk", done="Again.")
    assert (unanswered(study), untold(study), board_of(study).safety) == ([], [], "")
    (row,) = SAFETY_WORDS.rows(Scope(study))
    assert set(row) == {column.name for column in SAFETY_WORDS.columns}
    assert (row["participant"], row["what"], row["stage"], row["item"], row["tier"], row["verdict"]) == (
        participant_of(person).code, "answer", "after", "words", "stop", "risk",
    )  # fmt: skip
    assert STOP not in str(row)


def test_nothing_of_it_is_left_of_whoever_has_their_data_deleted_but_the_number(played: Played) -> None:
    trio = after_the_game(played)
    for person in trio:
        assert person.send(**form_of(person, STOP)) == "stored"
    gone = trio[0]
    assert OFFERED in browser_of(gone).get("/s/").content.decode()
    runner.drain("jobs")
    assert WordsStep.objects.filter(trigger__session=gone.session).count() == 2
    assert gone.send(withdraw="1") == "stored"
    runner.drain("jobs")
    assert participant_of(gone).erased_at is not None
    assert not WordsTrigger.objects.filter(session=gone.session).exists()
    assert list(WordsTrigger.objects.order_by("pk").values_list("case__number", flat=True)) == [2, 3]
    assert case_numbers.gone(played.study) == [1]
    codes = {str(row["participant"]) for row in SAFETY_WORDS.rows(Scope(played.study))}
    assert codes == {participant_of(person).code for person in trio[1:]}
    assert differences(played) == []


def test_card_that_is_shown_while_its_reason_is_deleted_comes_wholly_before_or_after(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = answered(played, STOP)
    row, failed = WordsTrigger.objects.get(), list[Exception]()
    assert person.send(withdraw="1") == "stored"
    (claim,) = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]

    def shown() -> None:
        try:
            services.note_card(row.session_id, "1", [row.pk])
        except Exception as error:
            failed.append(error)

    threads = list[Thread]()
    monkeypatch.setattr(erasure, "_forget", slowed(erasure._forget, shown, threads))
    assert erasure.erase(claim) == "erased"
    threads[0].join(10)
    assert failed == []
    assert not WordsStep.objects.exists()


def _found() -> WordsTrigger:
    return WordsTrigger.objects.get()


def _rewrite(words: str) -> None:
    change(Answer.objects.get(item="words", session=_found().session), value=json.dumps(words))


def _without_safety() -> None:
    participant = Participant.objects.get(sessions=_found().session)
    said = {name: part for name, part in participant.version.definition.items() if name != "safety"}
    change(participant.version, definition=json.dumps(said), sha256="f" * 64)


TAMPERED: dict[str, tuple[str, Callable[[], object]]] = {
    "its row is gone": ("trigger missing", lambda: remove(_found())),
    "its words are harmless": ("trigger that no rule gives", partial(_rewrite, CALM)),
    "its words are less grave": ("tier of a trigger", partial(_rewrite, OFFER)),
    "its rules are others": ("rules of a trigger", lambda: change(_found(), rules=json.dumps(["despair"]))),
    "its answer is another": ("trigger without its words", lambda: change(_found(), item="fair")),
    "nobody was to be told": (
        "alert missing", lambda: change(Event.objects.get(kind="safety.words_alert"), kind="x"),
    ),
    "it has a card for a note": ("card without a reason", lambda: change(_found(), tier="note")),
    "nobody protects": ("trigger in a study without safety", _without_safety),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_what_is_untrue_is_named(played: Played, how: str) -> None:
    browser_of(answered(played, STOP)).get("/s/")
    found = check(played.study, played.ledger, late_after_seconds=3600)
    assert found.differences == []
    assert found.counts["words found outside conversations"] == 1
    assert found.counts["answers judged again"] >= 1
    name, tamper = TAMPERED[how]
    tamper()
    assert name in named(played)
