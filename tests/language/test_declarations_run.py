"""The four declarations on the platform itself: frozen from their folders, run without people, all rows there."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from bots.run import run_groups
from chat.models import Entry
from flow.models import Act, Exposure, Match
from matching.models import Group
from studies.services import freeze
from verification.check import check

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _declarations_are_installed(settings: LazySettings) -> None:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.language"]


def played(name: str) -> Group:
    """One group of a declaration's study, played to its end."""
    done = run_groups(freeze(HERE / name / "study", seed="7"), 1)
    assert (done.complete, done.ended) == (1, 0)
    group = Group.objects.get()
    assert group.status == Group.Status.COMPLETE
    assert set(group.matches.values_list("status", flat=True)) == {Match.Status.COMPLETE}
    assert Exposure.objects.filter(match__group=group).exists()
    report = check(group.version.study, late_after_seconds=3600)  # nobody hears, as nobody sits here
    assert [str(each) for each in report.differences] == []
    assert report.counts["payoffs"] >= report.counts["matches"] > 0
    return group


@pytest.mark.django_db(transaction=True)
def test_graph_runs_without_people() -> None:
    group = played("graph8")
    match = group.matches.get()
    assert len(match.edges) == 16
    assert match.placings.count() == 8
    paths = Act.objects.filter(match=match).values_list("path", flat=True)
    assert sorted(set(paths)) == ["final", *(f"talking:{turn}/message" for turn in (1, 2, 3, 4))]
    assert len(paths) == 40
    assert set(Act.objects.values_list("source", flat=True)) == {"policy"}


@pytest.mark.django_db(transaction=True)
def test_feed_runs_without_people_and_keeps_the_quota() -> None:
    played("feed20")
    seats = list(Entry.objects.values_list("seat__number", flat=True))
    assert len(seats) == 60
    assert set(seats) == set(range(1, 21))
    assert set(Entry.objects.values_list("kind", flat=True)) == {"post", "comment", "vote"}
    assert Act.objects.filter(path="probe").count() == 20


@pytest.mark.django_db(transaction=True)
def test_document_runs_without_people() -> None:
    group = played("shared_document")
    assert Entry.objects.filter(kind="edit").count() == 6
    assert Act.objects.filter(path="answer").count() == 3
    assert set(group.matches.get().placings.values_list("points", flat=True)) <= {0, 10}


@pytest.mark.django_db(transaction=True)
def test_dilemma_runs_without_people_and_pays_every_turn() -> None:
    group = played("dilemma")
    assert group.matches.count() == 12
    for match in group.matches.all():
        turns = Act.objects.filter(match=match).values("path").distinct().count()
        assert (
            sum(placing.points or 0 for placing in match.placings.all()) >= 2 * turns
        )  # two tits for tats never defect
