"""Words in the decisions of a game are screened as messages are: a row, the card, an alert; nothing pauses."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from chat import case_numbers
from chat.models import WordsStep, WordsTrigger
from chat.safety.queries import unanswered
from chat.screening_wordings import edition
from events import runner
from events.models import Due
from exports.codes import match_code
from exports.own_copy import copy_of
from exports.scope import Scope
from exports.tables.safety_words import SAFETY_WORDS
from flow.models import Act
from flow.services import sessions
from matching.models import Group
from tests.chat.safe_rooms import NOTE, OFFER, STOP
from tests.consent.test_own_copy import browser_of
from tests.consent.test_safety_of_words import CALM, OFFERED, differences, named, safe
from tests.consent.trading import Writer, group_of_three, participant_of, seat_of, trading
from tests.machinery.people import fresh, good_value, page, stage_id
from tests.verification.played import Played, play
from tests.verification.tampering import change, remove

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    return safe(tmp_path)


def decided(played: Played, words: str) -> tuple[Writer, list[Writer], Group]:
    """Somebody who gives something to another with some words, those who play with them, and all of them."""
    trio, group = group_of_three(played)
    giver = next(one for one in trio if one.role == "giver")
    session = fresh(giver.session)
    form = {field.key: good_value(session, field) for field in page(session).fields} | {"note": words}
    assert giver.send(**form) == "stored"
    return giver, trio, group


def act_of(giver: Writer) -> Act:
    return Act.objects.get(seat=seat_of(giver), path="give")


@pytest.mark.parametrize(("words", "tier"), [(NOTE, "note"), (OFFER, "offer"), (STOP, "stop")])
def test_each_tier_is_a_row_without_words_and_the_card_stays_while_the_match_goes_on(
    played: Played, words: str, tier: str
) -> None:
    giver, trio, group = decided(played, words)
    row, act = WordsTrigger.objects.get(), act_of(giver)
    assert (row.tier, row.stage, row.act, row.item, row.session_id) == (tier, "game", act, "note", giver.session.pk)
    assert (act.values["note"], act.edition, row.edition) == (words, edition(), edition())
    browser, has_card = browser_of(giver), tier != "note"
    others = [browser_of(one) for one in trio if one is not giver]
    while stage_id(fresh(giver.session)) == "game":
        shown = browser.get("/s/").content.decode()
        assert (OFFERED in shown) == (has_card and act_of(giver).match.closed_at is None), shown
        assert not any(OFFERED in other.get("/s/").content.decode() for other in others)
        runner.drain("bots")
        if not [one for one in trio if stage_id(fresh(one.session)) == "game" and one.go_on()]:
            play(trio, group)
    giver.go_on()
    assert OFFERED not in browser.get("/s/").content.decode(), "the pages after it are as ever"
    assert WordsStep.objects.filter(what="card").count() == int(has_card)
    assert len(copy_of(fresh(giver.session)).support) == int(has_card)
    assert Due.objects.filter(reaction="chat.safety.alerts.send_of_words").count() == int(tier == "stop")
    assert differences(played) == []


def test_calm_words_and_words_of_programs_make_no_row(played: Played) -> None:
    giver, trio, group = decided(played, CALM)
    play(trio, group)
    assert not WordsTrigger.objects.exists()
    assert act_of(giver).edition == edition()
    assert set(Act.objects.exclude(source="person").values_list("edition", flat=True)) <= {""}
    assert set(Act.objects.filter(path__contains="say").values_list("edition", flat=True)) == {""}, "there are no words"
    assert differences(played) == []


def test_nothing_is_looked_at_in_a_study_that_says_nothing_of_safety(tmp_path: Path) -> None:
    plain = trading(tmp_path)
    giver, _trio, _group = decided(plain, STOP)
    assert not WordsTrigger.objects.exists()
    assert act_of(giver).edition == ""
    assert OFFERED not in browser_of(giver).get("/s/").content.decode()


def test_team_reads_where_it_stands_and_the_dataset_names_the_decision(played: Played) -> None:
    giver, _trio, _group = decided(played, STOP)
    out, match = StringIO(), act_of(giver).match
    code = match_code(match.group.code, match.round, match.number)
    assert unanswered(played.study) == [WordsTrigger.objects.get()]
    call_command("safety", played.study.slug, stdout=out)
    assert "kill" not in out.getvalue()
    (row,) = SAFETY_WORDS.rows(Scope(played.study))
    assert set(row) == {column.name for column in SAFETY_WORDS.columns}
    assert (row["what"], row["stage"], row["match"], row["step"], row["item"], row["attempt"]) == (
        "decision", "game", code, "give", "note", None,
    )  # fmt: skip
    assert STOP not in str(row)


def test_nothing_of_it_is_left_of_whoever_has_their_data_deleted_but_the_number(played: Played) -> None:
    giver, trio, group = decided(played, STOP)
    play(trio, group)
    sessions.leave(giver.session.pk, withdraw=True)
    runner.drain("jobs")
    assert participant_of(giver).erased_at is not None
    assert not WordsTrigger.objects.exists()
    assert case_numbers.gone(played.study) == [1]
    assert differences(played) == []


def _rewrite(words: str) -> None:
    act = WordsTrigger.objects.get().act
    assert act is not None
    change(act, values=json.dumps(act.values | {"note": words}))


TAMPERED: dict[str, tuple[str, Callable[[], object]]] = {
    "its row is gone": ("trigger missing", lambda: remove(WordsTrigger.objects.get())),
    "its words are harmless": ("trigger that no rule gives", lambda: _rewrite(CALM)),
    "its field is another": ("trigger without its words", lambda: change(WordsTrigger.objects.get(), item="other")),
}  # fmt: skip


@pytest.mark.parametrize("how", TAMPERED)
def test_what_is_untrue_is_named(played: Played, how: str) -> None:
    decided(played, STOP)
    name, tamper = TAMPERED[how]
    assert name not in named(played)
    tamper()
    assert name in named(played)
