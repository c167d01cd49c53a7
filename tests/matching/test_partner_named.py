"""The page between two visits names a partner that somebody knows by name, and never where that would unmask it."""

import pytest

from flow.home import partner_named
from studies.models import Version
from tests.matching.test_lasting_partner import (  # noqa: F401  fixtures are found by name
    COMPANION,
    games_are_installed,
    person_in,
    seated,
    version_of,
)

pytestmark = pytest.mark.django_db
PAGE = "pages/talk.md"


def naming(version: Version) -> Version:
    """A version whose page of the talk is listed among its frozen files."""
    version.definition["frozen"]["files"][PAGE] = "sha of the page".rjust(64, "0")
    return version


def test_partner_is_named_once_somebody_has_met_it() -> None:
    version = naming(version_of())
    person = person_in(version, "pone")
    assert partner_named(person, "main") == ""
    seat = seated(version, person, 1)
    assert partner_named(person, "main") == f"You meet {seat.settings['display_name']} again."


def test_partner_is_not_named_where_no_page_of_the_game_has_said_its_name() -> None:
    version = version_of()
    person = person_in(version, "pone")
    seated(version, person, 1)
    assert partner_named(person, "main") == ""


def test_partner_is_not_named_where_people_meet_people() -> None:
    version = naming(version_of())
    person = person_in(version, "pone")
    seated(version, person, 1)
    several = version.definition["groups"]["pair"]["roles"]["talker"] | {"humans": 2}
    version.definition["groups"]["pair"]["roles"]["talker"] = several
    version.sha256 = "1" * 64  # read anew
    person.version = version
    assert partner_named(person, "main") == "", "there only a program has a name"


def test_partner_is_not_named_for_a_visit_in_which_nobody_is_met() -> None:
    version = naming(version_of())
    person = person_in(version, "pone")
    seat = seated(version, person, 1)
    last = {"id": "last", "stages": [{"id": "end", "kind": "instructions", "pages": ["pages/end.md"]}]}
    version.definition["waves"] = [*version.definition["waves"], last]
    version.sha256 = "2" * 64  # read anew
    person.version = version
    assert partner_named(person, "main") == f"You meet {seat.settings['display_name']} again."
    assert partner_named(person, "last") == "", "as a last questionnaire"


def test_nobody_is_told_of_the_old_partner_who_may_meet_a_new_one() -> None:
    version = naming(version_of())
    person = person_in(version, "pone")
    seated(version, person, 1)
    version.definition["partners"]["newcomer"] = version.definition["partners"][COMPANION]
    for number, said in enumerate((
        "newcomer",
        {"by": "label", "values": {"hidden": COMPANION, "disclosed": "newcomer"}},
    )):  # fmt: skip
        version.definition["groups"]["pair"]["partners"]["ai"] = said
        version.sha256 = f"{number + 3}" * 64  # read anew
        person.version = version
        assert partner_named(person, "main") == "", said
