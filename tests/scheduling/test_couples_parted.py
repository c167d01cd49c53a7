"""A pair that is ended for a reason: both go on as whoever is left does, are paid, and are not told why."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from config.parting_words import lines_of
from events import runner
from events.models import Event
from exports.departures import departures_of
from exports.masked import masked
from exports.scope import Scope
from exports.tables.groups import GROUPS
from exports.tables.pairs import PAIRS
from flow.errors import FlowError
from flow.services import parting
from matching import rules
from matching.models import Group, Seat
from recruitment.models import Settlement
from scheduling.models import Pair, Session
from studies.models import Version
from tests.machinery.people import at_once, make_version, newcomer, page, send, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import (
    arrived,
    begin,
    differences,
    enrolled,
    go_through,
    made,
    meet,
    newest,
    pair,
    pass_on,
    pass_to,
    person_of,
    states,
)
from tests.scheduling.test_couples import SIX

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Version]
WHY = "One of them was threatened: report 2."
ALONE = {"on_drop_out": {"then": "end_pair"}}
ANOTHER = {"on_drop_out": {"then": "replace_with_human"}}


def part(one: Session, **options: Any) -> str:
    out = StringIO()
    call_command("participant", "part", person_of(one).code, stdout=out, no_color=True, **options)
    return out.getvalue()


def seated(*people: Session) -> None:
    """Let people who wait be asked, answer, and sit."""
    for _ in range(10):
        pass_on(5, *people)
        for each in people:
            if page(newest(each)).button == "I am ready":
                send(newest(each))
        if Seat.objects.filter(status="sitting").count() == len(people):
            return
    raise AssertionError([page(newest(each)).title for each in people])


@pytest.fixture(autouse=True)
def nothing_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a monitor must be named for is tested by itself."""
    monkeypatch.setattr("config.management.commands.participant.is_masked", lambda _study: False)


def test_trying_changes_nothing_and_says_what_would_follow(make_version: Make) -> None:  # noqa: F811
    both = enrolled(made(make_version), newcomer)
    before = Event.objects.count()
    said = part(both[0], dry_run=True)
    assert Event.objects.count() == before
    assert pair().status == "lasting"
    codes = " and ".join(person_of(each).code for each in both)
    assert said.splitlines() == [
        "nothing was changed; it would come to this:",
        f"the pair {pair().code} of {codes} ends; they would have met in 2 visits to come",
        "each leaves by partners_left, at once, or at the end of a visit that goes on",
    ]
    paid_less = replace(parting.outlook(person_of(both[0]).code), pays="fixed")
    assert list(lines_of(paid_less))[-1].startswith(
        "MIND: the exit partners_left pays `fixed`, and not what was earned"
    )


def test_between_visits_both_leave_by_the_exit_of_whoever_is_left(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    meet(*both)
    assert "each leaves by partners_left" in part(both[1], reason=WHY)
    runner.drain("bots", "jobs")
    assert (pair().status, pair().end_reason) == ("ended", "parted")
    assert {person_of(each).exit for each in both} == {"partners_left"}
    assert [states(each) for each in both] == [["completed", "cancelled", "cancelled"]] * 2
    assert list(Settlement.objects.values_list("base_minor", flat=True)) == [500, 500], "with the talk that they had"
    assert page(newest(both[0])).title == page(newest(both[1])).title
    for each in both:
        assert WHY not in str(page(newest(each)))
    kept = Event.objects.filter(kind=parting.PART).order_by("pk")
    assert [(one.subject_id, one.facts) for one in kept] == [
        (each.participant_id, {"reason": WHY}) for each in sorted(both, key=lambda one: one.participant_id)
    ]
    assert [one.what for one in departures_of(version.study)] == ["a person and their partner were parted"] * 2
    (row,) = PAIRS.rows(Scope(version.study))
    assert (row["status"], row["end_reason"]) == ("ended", "parted")
    assert differences(version) == []
    with pytest.raises(CommandError, match="has no partner that lasts"):
        part(both[0], reason=WHY)


def test_in_the_midst_of_a_game_it_ends_and_their_visit_is_completed_and_paid(make_version: Make) -> None:  # noqa: F811
    version = made(make_version)
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    begin(*both)
    seated(*both)
    said = part(both[0], reason=WHY)
    group = Group.objects.latest("pk")
    assert f"the game of {group.code} ends; their visit goes on with what follows it" in said
    assert (group.status, group.end_reason) == ("ended", "parted")
    (held,) = masked([GROUPS], version.study)
    assert {row["end_reason"] for row in held.rows(Scope(version.study))} == {None}, "only two people are parted"
    assert {newest(each).status for each in both} == {"active"}, "the questions after the game"
    titles = {page(newest(each)).title for each in both}
    assert len(titles) == 1, "whoever wrote to whom, both read the same"
    go_through(*both)
    runner.drain("bots", "jobs")
    assert [states(each)[0] for each in both] == ["completed", "completed"]
    assert {person_of(each).exit for each in both} == {"partners_left"}
    assert differences(version) == []


def test_before_the_first_visit_is_over_the_rule_follows_after_it(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=ALONE)
    both = arrived(version, newcomer)
    seated(*both)
    said = part(both[0], reason=WHY)
    assert "they would have met in 2 visits to come" in said
    assert "each goes on alone" in said
    go_through(*both)
    runner.drain("bots", "jobs")
    assert {person_of(each).status for each in both} == {"active"}
    assert "go on alone" in page(newest(both[1])).facts["progress"]
    pass_to(SIX, *both)
    meet(*both)
    assert [states(each)[0] for each in both] == ["completed", "completed"]
    assert Group.objects.count() == 1
    assert differences(version) == []


def test_whoever_waits_for_the_other_goes_on_at_once(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=ALONE)
    here, away = enrolled(version, newcomer)
    pass_to(SIX, here)
    begin(here)
    assert page(newest(here)).kind == "waiting"
    part(away, reason=WHY)
    runner.drain("bots", "jobs")
    assert page(newest(here)).kind == "text", "the questions after what they would have done together"
    go_through(here)
    begin(away)
    go_through(away)
    runner.drain("bots", "jobs")
    assert states(here)[0] == states(away)[0] == "completed"
    assert differences(version) == []


def test_who_are_parted_are_not_given_to_each_other_again(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=ANOTHER)
    one, other = enrolled(version, newcomer)
    third, gone = enrolled(version, newcomer)
    assert "never for the other" in part(one, reason=WHY)
    runner.drain("bots", "jobs")
    pass_to(SIX, one, other, third)
    begin(one, other)
    pass_on(40, one, other)
    assert {page(newest(each)).button for each in (one, other)} == {""}, "nobody is asked: there is nobody else"
    assert Group.objects.count() == 2
    part(gone, reason=WHY)
    begin(third)
    pass_on(10, one, other, third)
    assert page(newest(one)).button == page(newest(third)).button == "I am ready"
    assert page(newest(other)).button == "", "one of the two has somebody, the other waits on"
    go_through(one, third)
    formed = Pair.objects.latest("pk")
    assert set(formed.members.values_list("participant", flat=True)) == {one.participant_id, third.participant_id}
    pass_on(920, other)
    assert states(other)[0] == "completed", "waited as long as anybody waits, and is paid"
    assert differences(version) == []


def test_whoever_is_held_back_is_next_once_the_other_is_away(make_version: Make) -> None:  # noqa: F811
    version = made(make_version, lasts=ANOTHER)
    one, other = enrolled(version, newcomer)
    third, gone = enrolled(version, newcomer)
    part(one, reason=WHY)
    part(gone, reason=WHY)
    runner.drain("bots", "jobs")
    pass_to(SIX, one, other, third)
    begin(one, other)
    pass_on(rules.PRESENT.total_seconds() + 20, other)  # the first has closed their page
    begin(third)
    pass_on(20, other, third)
    assert page(newest(other)).button == page(newest(third)).button == "I am ready"
    go_through(other, third)
    members = Pair.objects.latest("pk").members.values_list("participant", flat=True)
    assert set(members) == {other.participant_id, third.participant_id}


def test_it_needs_a_reason_and_a_pair(make_version: Make) -> None:  # noqa: F811
    one, _other = enrolled(made(make_version), newcomer)
    with pytest.raises(CommandError, match="say why"):
        part(one)
    assert pair().status == "lasting"
    with pytest.raises(CommandError, match="no participant has the code"):
        call_command("participant", "part", "nobody", reason=WHY)
    alone = newcomer(one.participant.version)
    with pytest.raises(CommandError, match="has no partner that lasts"):
        part(alone, reason=WHY)


def test_while_masked_only_a_monitor_parts_two(make_version: Make, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    version = made(make_version)
    one, _other = enrolled(version, newcomer)
    monkeypatch.setattr("config.management.commands.participant.is_masked", lambda _study: True)
    for options in ({"dry_run": True}, {"reason": WHY}):
        with pytest.raises(CommandError, match="held back while data come in: a monitor does it with --monitor"):
            part(one, **options)
    assert pair().status == "lasting"
    ana = User.objects.create(username="ana", is_staff=True)
    version.study.memberships.create(user=ana, role="monitor")
    part(one, reason=WHY, monitor="ana")
    assert pair().status == "ended"
    assert Event.objects.get(kind="data.monitored").facts == {"user": ana.pk, "what": "pairs"}


def test_two_are_parted_while_both_are_about_to_meet(make_version: Make) -> None:  # noqa: F811
    """Whichever comes first: they have met and the game ends, or they do not meet; never a new pair of the same two."""
    version = made(make_version, lasts=ANOTHER)
    both = enrolled(version, newcomer)
    pass_to(SIX, *both)
    begin(*both)
    pass_on(5, *both)
    code = person_of(both[0]).code
    work: list[Callable[[], Any]] = [partial(send, newest(each)) for each in both]
    work.append(partial(parting.part, code, reason=WHY))
    found = at_once(work)
    strange = [one for one in found if isinstance(one, Exception) and not isinstance(one, FlowError)]
    assert strange == []
    if pair_lasts():  # another was faster three times: it is said, and done again
        parting.part(code, reason=WHY)
    pass_on(20, *both)
    assert Pair.objects.count() == 1
    assert not Group.objects.filter(status="active").exists()
    go_through(*both, until="waiting")
    assert differences(version) == []


def pair_lasts() -> bool:
    return Pair.objects.filter(status="lasting").exists()
