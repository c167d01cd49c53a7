"""The same prompts day by day: what a reading says, who hears of a change, and who is let in after it."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from bots.drift import services
from bots.drift.errors import DriftError
from bots.drift.probing import probe
from bots.drift.queries import drifted, stopping
from bots.drift.rules import InForce, Reading, Verdict, judged, needs_another, next_time, served_by
from bots.drift.services import CHANGED, CONFIRMED, PROBE
from bots.models import Drift, Sentinel
from console.board import board_of
from events import clock, due, runner
from events.claim import Claim
from events.models import Due, Event
from exports.scope import Scope
from exports.tables.calls import CALLS
from exports.tables.sentinels import DRIFTS, SENTINELS
from llm.models import Call
from participants.errors import ParticipantError
from studies.models import Study, Version
from studies.sentinels import prompts_in
from studies.services import close_study, open_study, pause_study
from tests.bots.sentinel_answers import Model
from tests.machinery.people import fresh, newcomer, sharing_is_installed, stage_id, version_in  # noqa: F401

MODEL: dict[str, Any] = {"name": "told/one", "max_tokens": 900, "daily_cost_usd": "1.00", "run_by": "Our own machine"}
COMPUTER: dict[str, Any] = {
    "occupant": "model", "personas": ["prompts/one.md"], "label": {"all": ""}, "asked_if_ai": "admit", "model": MODEL,
}  # fmt: skip
TEXTS = {"prompts/one.md": "You share.", "prompts/sentinels.md": "Name a colour.\n---\nWhat is 17 times 23?\n"}
KNOWN = InForce("told/1", Reading("told/1", ["Blue", "391"]).fingerprint)
BLUE, RED = Reading("told/1", ["Blue", "391"]), Reading("told/1", ["Red", "391"])


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.sentinel_answers.ask"}
    Model.begin()


def watched(home: Path, *, pin: str = "strict", per_day: int = 2) -> Version:
    """An open study in which a model sits, and is asked sentinels."""
    partners = {"person": {"occupant": "person", "label": {"all": ""}}, "computer": COMPUTER | {"pin": pin}}
    sentinels = {"prompts": "prompts/sentinels.md", "per_day": per_day}
    return version_in(home, partners=partners, texts=TEXTS, sentinels=sentinels)


def rows() -> list[Sentinel]:
    return list(Sentinel.objects.order_by("pk"))


def next_row() -> Due:
    return Due.objects.get(reaction=PROBE, outcome="")


def make_due() -> None:
    """Let the next reading be due, as one of its own."""
    row = next_row()
    facts = row.facts | {"number": 10 + Sentinel.objects.count()}
    Due.objects.filter(pk=row.pk).update(run_after=clock.now() - timedelta(seconds=5), facts=facts)


def read() -> Sentinel:
    """Make the next reading."""
    make_due()
    runner.drain("bots")
    return rows()[-1]


@pytest.mark.parametrize(
    ("found", "again", "known", "verdict"),
    [
        (BLUE, None, None, Verdict.FIRST),
        (BLUE, None, KNOWN, Verdict.SAME),
        (RED, BLUE, KNOWN, Verdict.WAVERED),
        (RED, RED, KNOWN, Verdict.CHANGED),
        (RED, Reading("told/1", ["Green", "391"]), KNOWN, Verdict.CHANGED),
        (Reading("told/2", ["Blue", "391"]), None, KNOWN, Verdict.CHANGED),
        (RED, None, InForce("told/1", ""), Verdict.REBASED),
        (BLUE, None, InForce("told/2", ""), Verdict.CHANGED),
    ],
)
def test_one_difference_is_none_and_another_name_is_enough(
    found: Reading, again: Reading | None, known: InForce | None, verdict: Verdict
) -> None:
    assert judged(found, again, known) == verdict
    assert needs_another(found, known) is (again is not None)


def test_fingerprint_is_of_the_served_model_and_of_each_answer_in_its_place() -> None:
    others = [
        Reading("told/2", ["Blue", "391"]),
        Reading("told/1", ["391", "Blue"]),
        Reading("told/1", ["Blue391"]),
        RED,
    ]
    assert len({one.fingerprint for one in [BLUE, *others]}) == 5
    assert BLUE.fingerprint == Reading("told/1", ("Blue", "391")).fingerprint


def test_names_of_those_who_answered_fit_into_a_row_however_many_there_are() -> None:
    """Else a provider that calls itself otherwise each time would break the very work that is to notice it."""
    assert served_by(["told/2", "told/1", "told/2"]) == "told/1, told/2"
    assert len(served_by(letter * 200 for letter in "abcdefghij")) == Sentinel._meta.get_field("served").max_length


@given(st.integers(1, 24), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)), st.text(max_size=5))  # noqa: DTZ001
def test_day_has_as_many_instants_as_are_wanted_the_same_every_day(per_day: int, at: datetime, seed: str) -> None:
    now = at.replace(tzinfo=UTC)
    found = []
    for _ in range(2 * per_day):
        now, number = next_time(now, per_day, seed=seed)
        found.append((now, number))
    assert found == sorted(found)
    first, second = found[:per_day], found[per_day:]
    assert sorted(number for _, number in first) == list(range(1, per_day + 1))
    assert [(one + timedelta(days=1), number) for one, number in first] == second


def test_prompts_stand_between_lines_of_dashes() -> None:
    assert prompts_in("One?\n---\n\nTwo --- three\nand more\n--- \n\n---\n") == ["One?", "Two --- three\nand more"]
    assert prompts_in("\n") == []


@pytest.mark.django_db
def test_first_reading_is_made_as_the_study_opens_and_the_next_is_planned(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    (row,) = rows()
    assert (row.model, row.number, row.outcome, row.verdict, row.served) == (
        "told/one", 0, "answered", Verdict.FIRST, "told/1",
    )  # fmt: skip
    assert row.fingerprint == KNOWN.fingerprint
    assert {question.parameters["max_tokens"] for question in Model.asked} == {200}
    assert {question.parameters["temperature"] for question in Model.asked} == {0.0}
    planned = next_row()
    assert clock.now() < planned.run_after < clock.now() + timedelta(days=1)
    assert planned.facts["model"] == "told/one"
    scopes = set(Call.objects.values_list("scope", flat=True))
    assert scopes == {f"study:{version.study_id}/sentinel:{row.pk}:first:{n}" for n in (1, 2)}
    assert {one["purpose"] for one in CALLS.rows(Scope(version.study))} == {"sentinel"}


@pytest.mark.django_db
def test_model_that_answers_as_before_is_no_news(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    assert read().verdict == Verdict.SAME
    Model.answers["Name a colour."] = ["Red", "Blue"]
    assert read().verdict == Verdict.WAVERED
    assert not Drift.objects.exists()
    assert board_of(version.study).drifted == ""
    newcomer(version)


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["answers", "served"])
def test_changed_model_is_an_event_and_an_alarm_and_lets_nobody_new_in(tmp_path: Path, how: str) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    there = newcomer(version)
    if how == "answers":
        Model.answers["Name a colour."] = ["Red"]
    else:
        Model.served = "told/2"
    row = read()
    assert row.verdict == Verdict.CHANGED
    (drift,) = drifted(version.study)
    assert (drift.before, drift.after) == (rows()[0], row)
    (event,) = Event.objects.filter(kind=CHANGED)
    assert event.facts["model"] == "told/one"
    assert board_of(version.study).drifted == "told/one"
    with pytest.raises(ParticipantError) as refused:
        newcomer(version)
    assert refused.value.code == "model_changed"
    assert stage_id(fresh(there)) == "consent", "whoever is there goes on"
    assert read().verdict == Verdict.CHANGED
    assert len(drifted(version.study)) == Event.objects.filter(kind=CHANGED).count() == 1, "it is one change"


def answer_in_a_group(version: Version, served: str, number: int) -> None:
    Call.objects.create(
        scope=f"study:{version.study_id}/turn:{number}:0", attempt=1, model_requested="told/one", model_served=served,
        prompt=[], prompt_sha256="0" * 64, outcome="ok",
    )  # fmt: skip


@pytest.mark.django_db
def test_another_model_that_answers_people_and_no_sentinels_is_a_change(tmp_path: Path) -> None:
    """Who answers could tell sentinels from people: they are the same each day."""
    version = watched(tmp_path)
    runner.drain("bots")
    answer_in_a_group(version, "told/1", 1)
    assert read().verdict == Verdict.SAME
    answer_in_a_group(version, "told/9", 2)
    assert read().verdict == Verdict.CHANGED
    assert board_of(version.study).drifted == "told/one"
    services.confirm(version.study, "told/one", reason="The same under another name")
    answer_in_a_group(version, "told/9", 3)
    assert read().verdict == Verdict.SAME, "it was confirmed"
    answer_in_a_group(version, "told/8", 4)
    assert read().verdict == Verdict.CHANGED


@pytest.mark.django_db
def test_model_that_is_not_pinned_alarms_and_stops_nobody(tmp_path: Path) -> None:
    version = watched(tmp_path, pin="off")
    runner.drain("bots")
    Model.served = "told/2"
    read()
    assert board_of(version.study).drifted == "told/one"
    assert stopping(version) == ""
    newcomer(version)


@pytest.mark.django_db
def test_confirming_lets_people_in_and_puts_the_newest_reading_in_force(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    Model.answers["Name a colour."] = ["Red"]
    read()
    with pytest.raises(DriftError, match="say why"):
        services.confirm(version.study, "told/one", reason=" ")
    out = StringIO()
    arguments = ("drift", version.study.slug, "--confirm", "told/one", "--reason", "Same in a pilot", "--by", "A. R.")
    call_command(*arguments, stdout=out)
    assert "told/one: confirmed" in out.getvalue()
    assert "no change waits to be confirmed" in out.getvalue()
    assert Event.objects.filter(kind=CONFIRMED).count() == 1
    assert board_of(version.study).drifted == ""
    newcomer(version)
    assert read().verdict == Verdict.SAME
    Model.begin()
    assert read().verdict == Verdict.CHANGED, "what was before is a change now"
    with pytest.raises(CommandError, match='no change of "other" waits'):
        call_command("drift", version.study.slug, "--confirm", "other", "--reason", "x", stdout=StringIO())


@pytest.mark.django_db
def test_list_says_what_waits_and_what_it_stops(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    Model.served = "told/2"
    read()
    out = StringIO()
    call_command("drift", version.study.slug, stdout=out)
    said = out.getvalue()
    assert "told/one  " in said
    assert ": changed, served by told/2" in said
    assert "(told/1 before, told/2 since)" in said
    assert "nobody new is let in until told/one is confirmed (pin: strict)" in said


@pytest.mark.django_db
def test_silent_model_is_no_change_and_is_asked_again_in_its_time(tmp_path: Path) -> None:
    watched(tmp_path)
    runner.drain("bots")
    Model.is_down = True
    row = read()
    assert (row.outcome, row.error_code, row.verdict) == ("failed", "model_authentication", "")
    assert not Drift.objects.exists()
    Model.is_down = False
    assert read().verdict == Verdict.SAME


@pytest.mark.django_db
def test_reading_that_a_crash_broke_off_goes_on_with_what_was_answered(tmp_path: Path) -> None:
    watched(tmp_path)
    runner.drain("bots")
    make_due()
    (claim,) = due.claim_ids([next_row().pk])
    first, again = services.begin(claim), services.begin(claim)
    assert first is not None
    assert first == again
    before = len(Model.asked)
    assert async_to_sync(_read_and_die)(claim) == 2
    assert runner.run(claim) == "same"
    assert len(Model.asked) == before + 2, "nothing is asked twice"
    assert runner.run(claim) == "lost"


async def _read_and_die(claim: Claim) -> int:
    from bots.drift.probing import _read
    from events.offload import run_db

    job = await run_db(services.begin, claim)
    assert job is not None
    return len((await _read(job, "first")).answers)


@pytest.mark.django_db
def test_nobody_is_asked_while_a_researcher_pauses_the_study_or_after_it(tmp_path: Path) -> None:
    version = watched(tmp_path)
    study: Study = version.study
    runner.drain("bots")
    pause_study(study)
    make_due()
    runner.drain("bots")
    assert len(rows()) == 1
    assert not Due.objects.filter(reaction=PROBE, outcome="").exists()
    study.refresh_from_db()
    open_study(study)
    runner.drain("bots")
    assert next_row().run_after > clock.now(), "the first reading is in force: it goes on in its time"
    study.refresh_from_db()
    close_study(study)
    make_due()
    runner.drain("bots")
    assert len(rows()) == 1
    assert not Due.objects.filter(reaction=PROBE, outcome="").exists()


@pytest.mark.django_db
def test_study_without_sentinels_asks_nothing(tmp_path: Path) -> None:
    version = version_in(tmp_path)
    runner.drain("bots")
    assert not Sentinel.objects.exists()
    assert not Due.objects.filter(reaction=PROBE).exists()
    assert stopping(version) == ""


@pytest.mark.django_db
def test_dataset_has_readings_and_changes(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    Model.served = "told/2"
    read()
    services.confirm(version.study, "told/one", reason="Looked at it", by="A. R.")
    found = list(SENTINELS.rows(Scope(version.study)))
    assert [row["verdict"] for row in found] == ["first", "changed"]
    assert [row["model_served"] for row in found] == ["told/1", "told/2"]
    assert set(found[0]) == {column.name for column in SENTINELS.columns}
    (drift,) = DRIFTS.rows(Scope(version.study))
    assert (drift["served_before"], drift["served_after"], drift["reason"]) == ("told/1", "told/2", "Looked at it")
    assert "A. R." not in str(drift)
    assert set(drift) == {column.name for column in DRIFTS.columns}


def test_handler_is_run_by_the_bots() -> None:
    assert f"{probe.__module__}.{probe.__name__}" == PROBE
