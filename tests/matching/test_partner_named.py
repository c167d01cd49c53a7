"""The page between two visits names a partner that somebody knows by name, and never where that would unmask it."""

import pytest

from flow.home import partner_named
from studies.models import Version
from tests.matching.test_lasting_partner import (  # noqa: F401  fixtures are found by name
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
    assert partner_named(person) == ""
    seat = seated(version, person, 1)
    assert partner_named(person) == f"You meet {seat.settings['display_name']} again."


def test_partner_is_not_named_where_no_page_of_the_game_has_said_its_name() -> None:
    version = version_of()
    person = person_in(version, "pone")
    seated(version, person, 1)
    assert partner_named(person) == ""


def test_partner_is_not_named_where_people_meet_people() -> None:
    version = naming(version_of())
    person = person_in(version, "pone")
    seated(version, person, 1)
    several = version.definition["groups"]["pair"]["roles"]["talker"] | {"humans": 2}
    version.definition["groups"]["pair"]["roles"]["talker"] = several
    version.sha256 = "1" * 64  # read anew
    person.version = version
    assert partner_named(person) == "", "there only a program has a name"
