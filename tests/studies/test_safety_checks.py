"""What a study file may say of safety: each code, one way to cause it; who cannot be opened without; and the hours."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from studies.changes import differences, not_amendable
from studies.companions import writes_in_games
from studies.models import Study
from studies.problems import Problem, StudyError
from studies.schema import StudyFile
from studies.schema_safety import Staffed
from studies.services import open_study
from studies.slots import slots
from studies.staffing import DAYS, first_gap, hours_in_words, is_staffed, longest_gap, opens_at
from studies.yaml_file import parse
from tests.chat.rooms import make_version, study_file
from tests.machinery.study_files import read_study, write_study
from tests.studies.conftest import Folder, forget_code
from tests.studies.test_pair_checks import couple

ROOT = Path(__file__).resolve().parents[2]
SAFETY = """safety:
  on_call: {role: "The study's psychologist", email: oncall@example.org}
  staffed:
    zone: Europe/Berlin
    hours: [{days: [mon, tue, wed, thu, fri], begin: "08:00", end: "18:00"}]
  card: {en: card.md}
  helplines: {by: A. Person, on: "2027-03-01"}
  adults: A tick on the page of consent.
  replies: {line: "I would like you to look at the card beside our conversation."}
  stopped: completed
  limits: {minutes_per_visit: 30, minutes_per_day: 60}
  breaks: {every_minutes: 15}
"""
CARD = "# If you need support\n\nCall the [example line](tel:+000).\n"
MODEL = """    occupant: model
    personas: [prompts/one.md]
    model: {name: scripted/one, daily_cost_usd: "0.00", run_by: Our own machine}
"""


@pytest.fixture(autouse=True)
def chatting_is_installed(sharing_is_installed: None, settings: LazySettings) -> Iterator[None]:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    forget_code()
    yield
    forget_code()


@pytest.fixture
def companion(folder: Folder) -> Folder:
    """One person talks with a model; everything is declared."""
    (folder.path / "prompts").mkdir()
    folder.write("You like to talk.", "prompts/one.md")
    folder.write(CARD, "card.md")
    for page in ("talk_talker", "answer_talker"):
        folder.write("# Talk\n\nSay something.", f"pages/game/{page}.md")
    folder.change("    occupant: policy\n    policies: [half]\n", MODEL)
    folder.change("      giver: {humans: 2}\n      taker: {humans: 1, ai: 1}\n", "      talker: {humans: 1, ai: 1}\n")
    folder.change("    fill: {after_seconds: 30, label_as: computer, policies: [half]}\n", "")
    folder.change("experiment: sharing", "experiment: chatting")
    folder.change("        parameters: {rounds: 3, endowment: 12}\n", "")
    folder.change("{giver: 1, taker: 1}", "{talker: 1}")
    folder.write(folder.text() + SAFETY)
    consent = folder.text("pages/consent.md")
    folder.write(f"{consent}\n\nSomebody reads along: {{{{ staffed_hours }}}}.\n", "pages/consent.md")
    return folder


def ours(folder: Folder) -> list[Problem]:
    return [one for one in folder.problems() if one.code.startswith(("E83", "W83", "E100", "E101", "E103"))]


def test_sound_companion_study_has_nothing_to_mend(companion: Folder) -> None:
    assert [str(one) for one in ours(companion)] == []


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "words"),
    [
        ("zone: Europe/Berlin", "zone: Europe/Berln", "E830", "safety.staffed.zone", "Did you mean Europe/Berlin?"),
        ('end: "18:00"', 'end: "07:00"', "E830", "safety.staffed.hours[0]", "begin at 08:00"),
        ('on: "2027-03-01"', 'on: "2027-02-30"', "E830", "safety.helplines.on", "is no day"),
        ("card: {en: card.md}", "card: {de: card.md}", "E831", "safety.card", 'no entry for "en"'),
        ("  stopped: completed\n", "", "E835", "safety.stopped", "is missing"),
        ("stopped: completed", "stopped: complete", "E835", "safety.stopped", "Did you mean completed?"),
        ("stopped: completed", "stopped: left", "E835", "safety.stopped", "lose pay"),
        ("minutes_per_visit: 30", "minutes_per_visit: 90", "E836", "safety.limits", "more than 60 a day"),
        ('  replies: {line: "I would like you to look at the card beside our conversation."}\n', "", "E834",
         "safety.replies", "is missing"),
        ("by: A. Person, ", "", "E105", "safety.helplines.by", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_with_its_place(
    companion: Folder, old: str, new: str, code: str, path: str, words: str
) -> None:
    companion.change(old, new)
    found = companion.one(code)
    assert found.path == path
    assert words in f"{found.what} {found.remedy}"


@pytest.mark.parametrize(("language", "count"), [("en", 10), ("de", 10)])
def test_shipped_card_is_refused_until_its_helplines_are_written(companion: Folder, language: str, count: int) -> None:
    companion.write((ROOT / "docs" / "safety" / f"card.{language}.md").read_text(encoding="utf-8"), "card.md")
    found = [one for one in companion.problems() if one.code == "E833"]
    assert len(found) == count
    assert "placeholder" in found[0].what
    assert found[0].line == 5


def test_card_needs_a_heading_and_a_language_that_is_screened(companion: Folder) -> None:
    companion.write("Call somebody.", "card.md")
    assert companion.one("E831").path == "card.md"
    companion.change("language: en", "language: fr")
    assert "no rules" in companion.one("E832").what


def test_consent_must_say_when_somebody_reads_along(companion: Folder) -> None:
    companion.change("{{ staffed_hours }}", "sometimes", "pages/consent.md")
    assert companion.one("E837").path.endswith("document")


def test_limit_may_not_be_shorter_than_the_talk_must_last(companion: Folder) -> None:
    companion.change("    experiment: chatting\n", "    experiment: chatting\n        parameters: {active: 3000}\n")
    assert "active minutes" in companion.one("E836").what


def said(safety: dict[str, Any] | None, *, model: bool = True, visits: int = 1) -> dict[str, Any]:
    """The definition of a study in which somebody chats, with a program or a person."""
    partner: dict[str, Any] = {"occupant": "policy", "policies": ["talkative"], "label": {"all": "P"}}
    if model:
        partner = {"occupant": "model", "personas": ["prompts/one.md"], "label": {"all": "P"}}
        partner["model"] = {"name": "scripted/one", "daily_cost_usd": "0.00"}
    found = study_file("chatting")
    found["partners"]["computer"] = partner | {"asked_if_ai": "admit"}
    plan = {"roles": {"talker": {"humans": 1, "ai": 1}}, "partners": {"human": "person", "ai": "computer"}}
    found["groups"] = {"pair": plan}
    room = {"id": "room", "kind": "waiting_room", "forms": "pair", "page": "pages/void.md", "pay_per_minute": "0.10"}
    found["waves"][0]["stages"].insert(0, room | {"on_timeout": {"exit": "no_group"}})
    found["waves"][0]["repeat"] = visits
    return found | ({"safety": safety} if safety else {})


DECLARED = parse(SAFETY, name="study.yaml").data["safety"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "visits", "refused"), [(True, 1, True), (False, 1, False), (False, 2, True), (True, 3, True)]
)
def test_companion_study_without_safety_cannot_be_opened(model: bool, visits: int, refused: bool) -> None:
    study = make_version(said(None, model=model, visits=visits), {}).study
    if refused:
        with pytest.raises(StudyError, match="has no `safety`") as caught:
            open_study(study)
        assert caught.value.code == "safety_missing"
        study.refresh_from_db()
        assert study.status == Study.Status.DRAFT
        Study.objects.filter(pk=study.pk).update(is_demo=True)
        study.refresh_from_db()
    open_study(study)
    assert study.status == Study.Status.OPEN


@pytest.mark.django_db
def test_nobody_is_let_in_before_the_helplines_were_called() -> None:
    unchecked = {key: value for key, value in DECLARED.items() if key != "helplines"}
    study = make_version(said(unchecked), {}).study
    with pytest.raises(StudyError, match="called the helplines") as caught:
        open_study(study)
    assert caught.value.code == "helplines_unchecked"


def test_helplines_that_nobody_called_are_warned_of(companion: Folder) -> None:
    companion.change('  helplines: {by: A. Person, on: "2027-03-01"}\n', "")
    assert companion.one("W832").path == "safety.helplines"


@pytest.mark.django_db
def test_with_it_the_study_is_opened_and_pages_can_say_when_somebody_reads_along() -> None:
    version = make_version(said(DECLARED), {})
    open_study(version.study)
    assert slots(version)["staffed_hours"].endswith("18:00 (Europe/Berlin)")


def test_study_file_without_it_is_warned_of(companion: Folder) -> None:
    companion.change(SAFETY, "")
    assert companion.one("W830").path == "safety"


def test_games_in_which_nobody_writes_need_none_and_are_told_so(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ours(folder) == []
    folder.write(CARD, "card.md")
    folder.write(folder.text() + SAFETY)
    assert "W831" not in folder.codes(), "a note goes with a decision"
    monkeypatch.setattr("studies.checks.safety.writes_in_games", lambda _study: False)
    assert folder.one("W831").path == "safety"


@pytest.mark.parametrize(("experiment", "writes"), [("sharing", True), ("chatting", False), ("fast_friends", True)])
def test_words_in_decisions_are_known_from_the_experiment(experiment: str, writes: bool) -> None:
    assert writes_in_games(StudyFile.model_validate(study_file(experiment) | {"id": "trial"})) is writes


def test_who_is_on_call_and_helplines_may_change_while_it_runs() -> None:
    old = said(DECLARED) | {"frozen": {"files": {"card.md": "a"}}}
    other = deepcopy(DECLARED)
    other["on_call"]["email"], other["staffed"]["hours"][0]["end"] = "other@example.org", "17:00"
    new = said(other) | {"frozen": {"files": {"card.md": "b"}}}
    changes = differences(old, new)
    assert len(changes) == 3
    assert not_amendable(changes, old) == []
    other["tiers"] = {"stop": "card"}
    new = said(other) | {"frozen": {"files": {"card.md": "b"}}}
    assert [one.path for one in not_amendable(differences(old, new), old)] == ["safety.tiers.stop"]


CLOSED = {**DECLARED["staffed"], "outside": "closed"}


def test_two_who_meet_at_a_time_that_they_were_told_are_never_shut_out(folder: Folder) -> None:
    whole = couple(folder, talk={"closes": {"after": "1h"}})
    folder.write(CARD, "card.md")
    write_study(folder.path, whole | {"safety": DECLARED | {"staffed": CLOSED}})
    assert folder.one("E838").path == "safety.staffed.outside"
    write_study(folder.path, whole | {"safety": DECLARED})
    assert [one for one in folder.problems() if one.code == "E838"] == []


EVENINGS = {"zone": "Europe/Berlin", "hours": [{"days": list(DAYS), "begin": "17:30", "end": "21:00"}]}
ALWAYS = {"zone": "Europe/Berlin", "hours": [{"days": list(DAYS), "begin": "00:00", "end": "23:59"}]}
AT_SIX = {"anchor": "enrolment", "offset": "1d", "at": "18:00"}
ONE_CLOCK, OWN_CLOCKS = {"source": "fixed", "zone": "Europe/Berlin"}, {"source": "browser_confirmed"}


@pytest.mark.parametrize(
    ("opens", "grace", "timezone", "staffed", "words"),
    [
        (AT_SIX, "2h", ONE_CLOCK, EVENINGS, ""),
        (AT_SIX, "3h", ONE_CLOCK, EVENINGS, "from 18:00 for 4h (Europe/Berlin), but on Friday at 21:00"),
        (AT_SIX | {"jitter": "30m"}, "2h", ONE_CLOCK, EVENINGS, "for 210m"),
        (AT_SIX, "2h", ONE_CLOCK, EVENINGS | {"zone": "Europe/London"}, "but on Friday at 17:00 (Europe/London)"),
        (AT_SIX, "2h", ONE_CLOCK, DECLARED["staffed"], "but on Friday at 18:00"),
        (AT_SIX, "2h", OWN_CLOCKS, EVENINGS, "is at 18:00 by people's own clocks"),
        ({"anchor": "enrolment", "offset": "1d"}, "2h", ONE_CLOCK, EVENINGS, "sets no time of day"),
        (AT_SIX, "20h", ONE_CLOCK, ALWAYS, ""),
        ({"anchor": "enrolment", "offset": "1d"}, "2h", OWN_CLOCKS, ALWAYS, ""),
    ],
)
def test_two_who_last_meet_while_somebody_is_there(
    folder: Folder, opens: Any, grace: str, timezone: Any, staffed: Any, words: str
) -> None:
    whole = couple(folder, talk={"closes": {"after": "1h"}, "opens": opens, "grace": grace})
    folder.write(CARD, "card.md")
    write_study(folder.path, whole | {"safety": DECLARED | {"staffed": staffed}, "timezone": timezone})
    found = [one for one in folder.problems() if one.code == "W833"]
    assert [one.path for one in found] == (["waves[talk].opens"] if words else [])
    assert all(words in one.what and one.severity == "warning" for one in found)


def test_last_minute_of_a_day_is_no_gap() -> None:
    night = [
        {"days": list(DAYS), "begin": "20:00", "end": "23:59"},
        {"days": list(DAYS), "begin": "00:00", "end": "04:00"},
    ]
    staffed = Staffed.model_validate({"zone": "Europe/Berlin", "hours": night})
    ten = datetime(2027, 3, 1, 21, tzinfo=UTC)  # 22:00 in Berlin
    assert first_gap(staffed, ten, ten + timedelta(hours=6)) is None
    gap = first_gap(staffed, ten, ten + timedelta(hours=7))
    assert gap is not None
    assert gap.astimezone(UTC) == datetime(2027, 3, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(("grace", "is_enough"), [("62h", False), ("63h", True), ("3d", True)])
def test_whoever_waits_for_the_study_team_can_still_finish(companion: Folder, grace: str, is_enough: bool) -> None:
    whole = read_study(companion.path)
    (only,) = whole["waves"]
    first = {"id": "intake", "then": "enrol", "stages": [only["stages"][0]]}
    again = {"id": "talk", "opens": {"anchor": "enrolment", "offset": "1d"}, "closes": {"after": "12h"}, "grace": grace,
             "stages": only["stages"][1:]}  # fmt: skip
    whole |= {"waves": [first, again], "safety": DECLARED | {"staffed": CLOSED}}
    write_study(companion.path, whole)
    found = [one for one in companion.problems() if one.code == "E839"]
    assert [one.path for one in found] == ([] if is_enough else ["waves[talk].grace"])
    assert all("for 62h nobody is there" in one.what and "Write 63h" in one.remedy for one in found)


def test_longest_gap_is_between_days_or_over_the_weekend() -> None:
    assert longest_gap(Staffed.model_validate(DECLARED["staffed"])) == timedelta(hours=62)
    assert longest_gap(HOURS) == timedelta(days=3, hours=14)
    always = {"days": list(DAYS), "begin": "00:00", "end": "23:59"}
    assert longest_gap(Staffed.model_validate({"zone": "UTC", "hours": [always]})) == timedelta(minutes=1)
    once = {"days": ["sun"], "begin": "08:00", "end": "09:00"}
    assert longest_gap(Staffed.model_validate({"zone": "UTC", "hours": [once]})) == timedelta(days=6, hours=23)


HOURS = Staffed.model_validate(
    {"zone": "Europe/Berlin", "hours": [{"days": ["fri", "mon"], "begin": "08:00", "end": "18:00"}]}
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2027, 3, 1, 7, 0, tzinfo=UTC), True),  # Monday 8:00 in Berlin
        (datetime(2027, 3, 1, 6, 59, tzinfo=UTC), False),
        (datetime(2027, 3, 1, 17, 0, tzinfo=UTC), False),
        (datetime(2027, 3, 2, 9, 0, tzinfo=UTC), False),
        (datetime(2027, 3, 29, 6, 0, tzinfo=UTC), True),  # summer time since the day before
    ],
)
def test_hours_are_those_of_the_zone(at: datetime, expected: bool) -> None:
    assert is_staffed(HOURS, at) is expected


def test_next_hours_and_their_words() -> None:
    tuesday = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)
    assert opens_at(HOURS, tuesday) == datetime(2027, 3, 5, 7, 0, tzinfo=UTC)
    monday = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
    assert opens_at(HOURS, monday) == monday
    assert opens_at(HOURS, datetime(2027, 3, 1, 20, 0, tzinfo=UTC)) == datetime(2027, 3, 5, 7, 0, tzinfo=UTC)
    assert hours_in_words(HOURS, "en") == "Monday, Friday 08:00\u201318:00 (Europe/Berlin)"
    assert hours_in_words(HOURS, "de").startswith("Montag, Freitag")
