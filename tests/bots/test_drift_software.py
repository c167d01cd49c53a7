"""What a provider calls the software that answers: a change of it alone is an event and an alarm of its own."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from bots.drift import services
from bots.drift.queries import drifted, in_force, stopping
from bots.drift.rules import MOST_SOFTWARE_CHARS, InForce, Kind, Reading, Verdict, judged, software_of
from bots.drift.services import CHANGED, SOFTWARE_CHANGED
from bots.models import Drift, Sentinel
from console.board import board_of
from events import runner
from events.models import Event
from exports.scope import Scope
from exports.tables.sentinels import DRIFTS, SENTINELS
from llm.models import Call
from participants.errors import ParticipantError
from studies.models import Version
from studies.sentinels import MOST_PROMPTS
from tests.bots.sentinel_answers import Model
from tests.bots.test_drift import _told, read, rows, watched  # noqa: F401  fixtures are found by name
from tests.bots.test_drift_again import ask_otherwise
from tests.console.conftest import SignIn, sign_in  # noqa: F401  fixtures are found by name
from tests.machinery.people import fresh, newcomer, sharing_is_installed, stage_id  # noqa: F401


def counted(kind: str) -> int:
    return Event.objects.filter(kind=kind).count()


def opened(home: Path, software: str, *, pin: str = "strict") -> Version:
    """A study whose first reading was answered by this software."""
    Model.software = software
    version = watched(home, pin=pin)
    runner.drain("bots")
    return version


@pytest.mark.parametrize(
    ("found", "known", "verdict"),
    [
        ("fp-1", "fp-1", Verdict.SAME),
        ("fp-2", "fp-1", Verdict.SOFTWARE),
        ("fp-1, fp-2", "fp-1", Verdict.SOFTWARE),
        ("fp-1", "fp-1, fp-2", Verdict.SAME),
        ("", "fp-1", Verdict.SAME),
        ("fp-1", "", Verdict.SAME),
        ("", "", Verdict.SAME),
    ],
)
def test_software_is_new_where_it_was_named_before_and_not_this(found: str, known: str, verdict: Verdict) -> None:
    blue = Reading("told/1", ["Blue"], found)
    in_force = InForce("told/1", blue.fingerprint, known)
    assert judged(blue, None, in_force) == verdict
    red = Reading("told/1", ["Red"], "")
    wavered = Verdict.WAVERED if verdict == Verdict.SAME else verdict
    assert judged(red, blue, in_force) == wavered
    assert judged(Reading("told/2", ["Blue"], found), None, in_force) == Verdict.CHANGED, "that is one change"
    assert judged(red, red, in_force) == Verdict.CHANGED


def test_names_of_software_fit_into_a_row_uncut() -> None:
    """Else of many that are the same one would look new."""
    longest = Call._meta.get_field("system_fingerprint").max_length
    assert longest is not None
    names = [str(number) * longest for number in range(MOST_PROMPTS)]
    assert software_of([*reversed(names), "", names[0]]) == ", ".join(names)
    assert Sentinel._meta.get_field("software").max_length == MOST_SOFTWARE_CHARS


@pytest.mark.django_db
def test_other_software_is_an_event_and_an_alarm_of_its_own_and_lets_nobody_new_in(
    tmp_path: Path,
    sign_in: SignIn,  # noqa: F811
) -> None:
    version = opened(tmp_path, "fp-1")
    assert read().verdict == Verdict.SAME
    there = newcomer(version)
    Model.software = "fp-2"
    row = read()
    assert (row.verdict, row.software) == (Verdict.SOFTWARE, "fp-2")
    (drift,) = drifted(version.study)
    assert (drift.kind, drift.before, drift.after) == (Kind.SOFTWARE, rows()[0], row)
    assert (counted(SOFTWARE_CHANGED), counted(CHANGED)) == (1, 0)
    assert Event.objects.get(kind=SOFTWARE_CHANGED).facts["model"] == "told/one"
    assert (board_of(version.study).software, board_of(version.study).drifted) == ("told/one", "")
    page = sign_in(version.study, "operator").get(reverse("board", args=[version.study.slug])).content.decode()
    assert "names other software than before (manage.py drift): told/one</p>" in page
    with pytest.raises(ParticipantError) as refused:
        newcomer(version)
    assert refused.value.code == "model_changed"
    assert stage_id(fresh(there)) == "consent", "whoever is there goes on"
    assert read().verdict == Verdict.SOFTWARE
    assert len(drifted(version.study)) == counted(SOFTWARE_CHANGED) == 1, "it is one change"


@pytest.mark.django_db
def test_other_software_of_a_model_that_is_not_pinned_alarms_and_stops_nobody(tmp_path: Path) -> None:
    version = opened(tmp_path, "fp-1", pin="off")
    Model.software = "fp-2"
    read()
    assert board_of(version.study).software == "told/one"
    assert stopping(version) == ""
    newcomer(version)


@pytest.mark.django_db
def test_provider_that_names_no_software_is_not_blamed(tmp_path: Path) -> None:
    """Nor one that begins to name it, or leaves it out on a day; what it named then is still compared."""
    version = opened(tmp_path, "")
    for software in ("", "fp-1", "", "fp-1"):
        Model.software = software
        assert read().verdict == Verdict.SAME
    assert not Drift.objects.exists()
    assert board_of(version.study).software == ""
    newcomer(version)
    Model.software = "fp-2"
    assert read().verdict == Verdict.SOFTWARE
    (drift,) = drifted(version.study)
    assert drift.before.software == "fp-1"


@pytest.mark.django_db
def test_software_of_a_reading_that_changed_is_in_force_for_nobody(tmp_path: Path) -> None:
    opened(tmp_path, "")
    Model.software, Model.answers["Name a colour."] = "fp-9", ["Red"]
    assert read().verdict == Verdict.CHANGED
    Model.software, Model.answers["Name a colour."] = "fp-1", ["Blue"]
    assert read().verdict == Verdict.SAME, "it is the first that is known to go with these answers"
    Model.software = "fp-9"
    assert read().verdict == Verdict.SOFTWARE


@pytest.mark.django_db
def test_other_software_that_waits_does_not_hide_other_answers_and_both_are_confirmed_at_once(tmp_path: Path) -> None:
    version = opened(tmp_path, "fp-1")
    Model.software = "fp-2"
    read()
    Model.answers["Name a colour."] = ["Red"]
    assert read().verdict == Verdict.CHANGED
    assert (counted(SOFTWARE_CHANGED), counted(CHANGED)) == (1, 1)
    assert (board_of(version.study).software, board_of(version.study).drifted) == ("told/one", "told/one")
    out = StringIO()
    call_command("drift", version.study.slug, stdout=out)
    assert "changed, served by told/1, software fp-2" in out.getvalue()
    assert "the provider of told/one names other software since" in out.getvalue()
    assert "(fp-1 before, fp-2 since)" in out.getvalue()
    assert "told/one answers otherwise since" in out.getvalue()
    assert len(services.confirm(version.study, "told/one", reason="Looked at both")) == 2
    assert drifted(version.study) == []
    newcomer(version)
    assert read().verdict == Verdict.SAME
    Model.software = "fp-1"
    assert read().verdict == Verdict.SOFTWARE, "what was before is a change now"


@pytest.mark.django_db
@pytest.mark.parametrize("after_the_amendment", ["fp-2", ""])
def test_amendment_does_not_forget_which_software_was_there_before_it(tmp_path: Path, after_the_amendment: str) -> None:
    version = opened(tmp_path, "fp-1")
    ask_otherwise(version, tmp_path)
    Model.software = after_the_amendment
    said = read().verdict
    assert said == (Verdict.SOFTWARE if after_the_amendment else Verdict.REBASED)
    Model.software = "fp-2"
    assert read().verdict == Verdict.SOFTWARE
    (drift,) = drifted(version.study)
    assert (drift.kind, drift.before) == (Kind.SOFTWARE, rows()[0])
    known = in_force(version.study_id, "told/one", drift.after.asked_sha256)
    assert known is not None
    assert known.software == "fp-1"
    assert bool(known.fingerprint) == (said == Verdict.REBASED), "what waits is in force for nobody, nor its answers"
    services.confirm(version.study, "told/one", reason="Looked at it")
    assert read().verdict == Verdict.SAME
    Model.answers["Name a colour."] = ["Red"]
    assert read().verdict == Verdict.CHANGED


@pytest.mark.django_db
def test_dataset_has_what_the_provider_named(tmp_path: Path) -> None:
    version = opened(tmp_path, "fp-1")
    Model.software = "fp-2"
    read()
    found = list(SENTINELS.rows(Scope(version.study)))
    assert [(row["verdict"], row["system_fingerprint"]) for row in found] == [("first", "fp-1"), ("software", "fp-2")]
    assert found[0]["fingerprint"] == found[1]["fingerprint"], "it is no part of that"
    (drift,) = DRIFTS.rows(Scope(version.study))
    assert (drift["kind"], drift["software_before"], drift["software_after"]) == ("software", "fp-1", "fp-2")
    assert set(drift) == {column.name for column in DRIFTS.columns}
