"""From a request to the study it is about and what the visitor may do there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from bots.wizards.queries import lets_people_write
from console.roles import Capability, may
from console.visits import has_several_visits
from events.access import researcher_only
from studies import definition
from studies.asked_models import asked_models
from studies.masking.standing import State, state_of
from studies.models import Membership, Study, Version

P = ParamSpec("P")


@dataclass(frozen=True)
class Desk:
    """One study as one of its researchers meets it."""

    study: Study
    role: str
    reader: int
    masking: State

    @property
    def is_masked(self) -> bool:
        """Whether conditions and outcomes are held back from this researcher."""
        return self.masking == State.MASKED and self.role != Membership.Role.MONITOR

    @property
    def is_looking(self) -> bool:
        """Whether this researcher sees, as a monitor, what others may not: each look is kept."""
        return self.masking == State.MASKED and not self.is_masked

    @property
    def comes_back(self) -> bool:
        """Whether people of the study come more than once."""
        return has_several_visits(self.study)

    @property
    def protects(self) -> bool:
        """Whether the study says what protects people, so that something may be found in what they write."""
        newest = self.study.versions.order_by("-number").first()
        return newest is not None and definition.definition(newest).safety is not None

    @property
    def has_wizards(self) -> bool:
        """Whether people may write in some automated seat's place."""
        return has_wizards(self.study)

    @property
    def may_speak(self) -> bool:
        """Whether this researcher may: while conditions and outcomes are masked, who has no other part in the study."""
        is_apart = self.role == Membership.Role.WIZARD
        return may(self.role, Capability.SPEAK) and (is_apart or self.masking != State.MASKED)

    @property
    def asks_models(self) -> bool:
        """Whether language models are asked, so that something is spent."""
        newest = self.study.versions.order_by("-number").first()
        return newest is not None and bool(asked_models(definition.definition(newest)))

    @property
    def may(self) -> dict[str, bool]:
        """Capability -> whether this researcher has it, for templates."""
        return {one.value: may(self.role, one) for one in Capability}


def desk_of(request: HttpRequest, slug: str, capability: Capability) -> Desk:
    """The desk of the signed-in researcher.

    Raises:
        Http404: no such study, or not theirs: the two cannot be told apart.
        PermissionDenied: theirs, and not for their role.
    """
    study = Study.objects.for_user(request.user).filter(slug=slug).first()
    if study is None:
        raise Http404("no such study")
    role = role_in(study, request.user.pk)
    if not may(role, capability):
        raise PermissionDenied(f"{role} may not {capability}")
    return Desk(study, role, request.user.pk or 0, state_of(study))


def role_in(study: Study, user_id: int | None) -> str:
    """The role of an account in a study; "" where it has none, or none any more."""
    now = study.memberships.filter(user=user_id or 0).exclude(role=Membership.Role.FORMER)
    return now.values_list("role", flat=True).first() or ""


def has_wizards(study: Study) -> bool:
    """Whether some version of a study lets people write in an automated seat's place."""
    return any(lets_people_write(definition.definition(one)) for one in study.versions.all())


def newest_or_404(study: Study) -> Version:
    """The newest version of a study. Raises Http404: nothing is frozen yet, so there is nothing to play or set."""
    newest = study.versions.order_by("-number").first()
    if newest is None:
        raise Http404("no frozen version")
    return newest


DeskView = Callable[Concatenate[HttpRequest, Desk, P], HttpResponseBase]


def desk_page(capability: Capability) -> Callable[[DeskView[P]], Callable[..., HttpResponseBase]]:
    """Mark a view as a page of one study; it gets the desk in place of the slug."""

    def decorate(view: DeskView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def page(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, desk_of(request, slug, capability), *args, **kwargs)

        page.capability = capability  # type: ignore[attr-defined]
        return researcher_only(page)

    return decorate
