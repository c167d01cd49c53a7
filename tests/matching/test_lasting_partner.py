"""A partner that lasts: drawn once for each person, the same in all their groups, and refused when it is another."""

from typing import Any

import pytest
from django.conf import LazySettings

from events import clock
from flow.queries import page_of
from flow.services import games
from matching.errors import MatchingError
from matching.lasting import lasting_partner
from matching.models import Group, PartnerInstance, Seat, Ticket
from matching.seating import make_seats, table_of
from participants.models import Participant
from scheduling.models import Session
from studies import registry
from studies.models import Version
from tests.bots.meetings import COMPANION, MODEL, PARTNER, hear
from tests.chat.rooms import make_version, study_file
from tests.machinery.erasing import erasing
from tests.machinery.people import fresh
from verification.inquiry import Inquiry
from verification.lasting import check_lasting
from verification.report import Report
from verification.told import Told

pytestmark = pytest.mark.django_db
NAMES, PERSONAS = [f"Name{n}" for n in range(20)], [f"prompts/{n}.md" for n in range(6)]
IDENTITY = {"display_name": {"draw_from": NAMES, "fixed_per": "participant"}}


@pytest.fixture(autouse=True)
def games_are_installed(settings: LazySettings) -> None:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()


def version_of(seed: str = "seed", persona: str = "", **more: Any) -> Version:
    """A study in which one person talks with one partner."""
    said = study_file("chatting", parameters={"quota": 0, "chars": 200})
    said["partners"][COMPANION] = PARTNER | {"personas": PERSONAS, "identity": IDENTITY} | more
    seats = {"roles": {"talker": {"humans": 1, "ai": 1}}, "partners": {"human": "person", "ai": COMPANION}}
    files = dict.fromkeys(PERSONAS, f"You are {{{{ partner_name }}}}. {persona}") if "identity" not in more else {}
    texts = {f"pages/{page}.md": "# Talk\n\nThis is {{ partner_name }}." for page in ("talk", "void")}
    version = make_version(said | {"groups": {"pair": seats}}, files | texts, seed=seed)
    version.definition["frozen"] = {"files": dict.fromkeys(PERSONAS, f"sha of {persona}".rjust(64, "0"))}
    return version


def person_in(version: Version, code: str) -> Participant:
    return Participant.objects.create(
        study=version.study, version=version, code=code, token_sha256=code.rjust(64, "0"), origin="link"
    )


def seated(version: Version, person: Participant, visit: int) -> Seat:
    """Seat somebody once more; the partner's seat."""
    person.version = version
    session = Session.objects.create(participant=person, wave="main", repeat=visit)
    ticket = Ticket.objects.create(session=session, version=version, stage="lobby")
    code = f"g{person.pk}x{visit}"
    group = Group.objects.create(version=version, code=code, stage="game", rounds=1, condition="label=hidden")
    make_seats(table_of(version, "game"), group, [ticket], fill=None)
    return group.seats.get(occupant="model")


def test_partner_is_drawn_once_and_stays() -> None:
    version = version_of()
    person = person_in(version, "pone")
    seats = [seated(version, person, visit) for visit in (1, 2, 3)]
    (kept,) = PartnerInstance.objects.all()
    assert {(seat.policy, seat.settings["display_name"]) for seat in seats} == {(kept.persona, kept.display_name)}
    assert kept.persona in PERSONAS
    assert kept.display_name in NAMES
    assert kept.model == "told/one"


def test_each_person_has_their_own_by_the_seed() -> None:
    version = version_of()
    for code in "abcdefgh":
        seated(version, person_in(version, f"p{code}"), 1)
    first = list(PartnerInstance.objects.order_by("participant__code").values_list("persona", "display_name"))
    assert len(set(first)) > 3
    PartnerInstance.objects.all().delete()
    for visit, person in enumerate(Participant.objects.order_by("-code"), start=2):
        seated(version, person, visit)
    again = list(PartnerInstance.objects.order_by("participant__code").values_list("persona", "display_name"))
    assert again == first


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"model": MODEL | {"name": "told/two"}}, "model_changed"), ({"persona": "New."}, "persona_changed")],
)
def test_pinned_partner_that_is_another_is_refused_and_nothing_is_made(changed: Any, code: str) -> None:
    version = version_of()
    person = person_in(version, "pone")
    seated(version, person, 1)
    with pytest.raises(MatchingError, match="put back what it was, or write pin: off") as error:
        seated(version_of(**changed), person, 2)
    assert error.value.code == code
    assert Seat.objects.filter(occupant="model").count() == 1


def test_partner_that_is_not_pinned_takes_what_the_file_says_now() -> None:
    version = version_of()
    person = person_in(version, "pone")
    before = seated(version, person, 1)
    after = seated(version_of(pin="off", model=MODEL | {"name": "told/two"}), person, 2)
    assert after.settings["model"]["name"] == "told/two"
    assert (after.policy, after.settings["display_name"]) == (before.policy, before.settings["display_name"])


def test_partner_that_keeps_something_lasts_without_a_name() -> None:
    version = version_of(identity=None, memory={"kind": "facts"})
    person = person_in(version, "pone")
    seats = [seated(version, person, visit) for visit in (1, 2, 3)]
    assert len({seat.policy for seat in seats}) == 1
    assert "display_name" not in seats[0].settings


def test_partner_that_does_not_last_is_drawn_for_each_group() -> None:
    version = version_of(identity=None)
    person = person_in(version, "pone")
    assert len({seated(version, person, visit).policy for visit in range(1, 9)}) > 1
    assert not PartnerInstance.objects.exists()


def test_group_of_several_people_has_no_lasting_partner() -> None:
    version = version_of()
    partner = table_of(version, "game").study.partners[COMPANION]
    people = [person_in(version, code) for code in ("pone", "ptwo")]
    assert lasting_partner(version, COMPANION, partner, people) is None
    assert lasting_partner(version, COMPANION, partner, []) is None


def test_page_and_prompt_name_the_partner() -> None:
    version = version_of()
    seat = seated(version, person_in(version, "pone"), 1)
    games.begin(seat.group_id)
    name = PartnerInstance.objects.get().display_name
    session = Session.objects.get()
    assert f"This is {name}." in page_of(fresh(session)).html
    Seat.objects.filter(pk=seat.pk).update(settings=seat.settings | {"delay": {"min_s": 0, "max_s": 0}})
    system, user = hear(seat.group.matches.get(), "hello")
    assert system["content"].startswith(f"You are {name}.")
    assert f"This is {name}." in user["content"]


def test_verification_draws_again_and_looks_at_every_seat() -> None:
    version = version_of()
    person = person_in(version, "pone")
    seat = seated(version, person, 1)

    def named() -> set[str]:
        report = Report(version.study.slug, clock.now())
        check_lasting(Inquiry(version.study, report, Told(report, ()), clock.now(), 1.0), [person])
        assert report.counts["lasting partners"] == 1
        return {one.what for one in report.differences}

    assert named() == set()
    other = next(path for path in PERSONAS if path != seat.policy)
    Seat.objects.filter(pk=seat.pk).update(policy=other)
    assert named() == {"persona of a lasting partner"}
    Seat.objects.filter(pk=seat.pk).update(policy=seat.policy, settings={})
    assert named() == {"name of a lasting partner"}
    Seat.objects.filter(pk=seat.pk).update(policy=other, settings=seat.settings)
    with erasing():
        PartnerInstance.objects.update(persona=other)
    assert named() == {"draw of a lasting partner"}
