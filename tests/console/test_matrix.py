"""Every researcher's page with every role, in one's own study and in another's. A new page without a row here fails."""

from dataclasses import dataclass

import pytest
from django.urls import reverse

from console.roles import MATRIX, Capability, may
from console.services import Demo
from console.urls import urlpatterns
from studies.models import Membership, Study
from tests.console.conftest import SignIn

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True)
class Route:
    """How a page is asked for, and what a visitor must be able to do."""

    method: str
    needs: Capability
    name: str | None = None
    answers: int = 200


ROUTES = {
    "study": Route("get", Capability.SEE_STUDY),
    "play": Route("post", Capability.TRY, answers=302),
    "parameters": Route("get", Capability.SEE_STUDY),
    "simulations": Route("get", Capability.SEE_STUDY),
    "unmask": Route("post", Capability.UNMASK, answers=302),
    "board": Route("get", Capability.WATCH),
    "visits": Route("get", Capability.WATCH),
    "costs": Route("get", Capability.WATCH),
    "safety": Route("get", Capability.SEE_DATA),
    "safety_case": Route("get", Capability.SEE_DATA, "1", answers=404),  # nothing was found
    "wizard": Route("get", Capability.SPEAK, answers=404),  # no partner lets people write in its place
    "wizard_seat": Route("get", Capability.SPEAK, "1", answers=404),
    "data": Route("get", Capability.SEE_DATA),
    "bundle": Route("get", Capability.SEE_DATA),
    "table": Route("get", Capability.SEE_DATA, "decisions"),
    "table_csv": Route("get", Capability.SEE_DATA, "decisions"),
    "codebook": Route("get", Capability.SEE_STUDY),
    "api_board": Route("get", Capability.WATCH),
}
OPEN_TO_RESEARCHERS = {"studies", "api_studies"}
PUBLIC = {"home", "demo_entry"}
GONE = {Membership.Role.FORMER.value: 404}
"""Whose study is not there any more."""


def address(name: str, study: Study) -> str:
    route = ROUTES[name]
    return reverse(name, args=[study.slug, *([route.name] if route.name else [])])


def test_matrix_has_a_row_for_every_page_and_role() -> None:
    assert {pattern.name for pattern in urlpatterns} == set(ROUTES) | OPEN_TO_RESEARCHERS | PUBLIC
    assert set(MATRIX) == set(Membership.Role.values)


def test_page_opens_for_the_roles_that_may_and_for_no_other(demo: Demo, sign_in: SignIn) -> None:
    for role in Membership.Role.values:
        browser = sign_in(demo.study, role)
        for name, route in ROUTES.items():
            answer = getattr(browser, route.method)(address(name, demo.study))
            expected = route.answers if may(role, route.needs) else GONE.get(role, 403)
            assert (role, name, answer.status_code) == (role, name, expected)


def test_foreign_study_is_not_there_for_anybody(demo: Demo, sign_in: SignIn) -> None:
    own = Study.objects.create(slug="own", title="Own")
    for role in Membership.Role.values:
        browser = sign_in(own, role)
        for name, route in ROUTES.items():
            answer = getattr(browser, route.method)(address(name, demo.study))
            assert (role, name, answer.status_code) == (role, name, 404)
        assert demo.study.slug not in browser.get(reverse("studies")).content.decode()
        listed = [one["slug"] for one in browser.get(reverse("api_studies")).json()["studies"]]
        assert listed == ([] if role in GONE else ["own"])


def test_account_that_is_no_researcher_is_refused(demo: Demo, sign_in: SignIn) -> None:
    browser = sign_in(demo.study, "owner", is_staff=False)
    for name, route in ROUTES.items():
        assert getattr(browser, route.method)(address(name, demo.study)).status_code == 403


def test_parameters_are_changed_by_owner_and_editor_only(demo: Demo, sign_in: SignIn) -> None:
    for role in Membership.Role.values:
        answer = sign_in(demo.study, role).post(reverse("parameters", args=[demo.study.slug]), {"preview": "1"})
        assert (role, answer.status_code) == (role, 422 if may(role, Capability.CHANGE) else GONE.get(role, 403))
    assert demo.study.versions.count() == 1


def test_operator_may_not_read_what_people_wrote() -> None:
    assert not may("operator", Capability.SEE_DATA)
    assert not may("analyst", Capability.CHANGE)
    assert not may("monitor", Capability.CHANGE)
    assert not may("editor", Capability.UNMASK)
    assert [one for one in Capability if may("wizard", one)] == [Capability.SPEAK]
    assert not may("monitor", Capability.SPEAK)
    assert not may("stranger", Capability.SEE_STUDY)


def test_study_without_a_version_opens_and_offers_nothing_to_play(sign_in: SignIn) -> None:
    study = Study.objects.create(slug="empty", title="Empty")
    browser = sign_in(study, "owner")
    found = {name: getattr(browser, route.method)(address(name, study)).status_code for name, route in ROUTES.items()}
    assert found == {name: 404 if name in {"play", "parameters"} else ROUTES[name].answers for name in ROUTES}
