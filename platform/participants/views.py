"""The landing page: what the study is, and [Start]. Opening it changes nothing, because mail scanners follow links."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import View

from events.access import public
from participants import limiter, queries, services
from participants.access import cookie_token, give_cookie, participant_with, pilot_cookie_name, pilot_token
from participants.errors import ParticipantError
from participants.models import EntryLink, Participant
from participants.spoken import spoken_in
from participants.tokens import new_token
from studies import definition
from studies.horizon import is_told_to_all
from studies.models import Version
from studies.money import amount_text
from studies.schema import StudyFile
from studies.slots import slots

SEE_OTHER = 303
LONGEST_KEY = 100


@public
class Landing(View):
    """One link. Unknown, revoked and misspelt ones are answered alike, and only so many a minute."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        link = queries.link_of(kwargs["token"])
        version = queries.version_for(link) if link else None
        if link is None or version is None:
            if _is_of(request, kwargs["token"]):
                return redirect("session")
            with translation.override(spoken_in(request) or settings.LANGUAGE_CODE):
                return _unknown(request)
        with translation.override(definition.definition(version).language):
            return self._answer(request, kwargs["token"], link=link, version=version)

    def _answer(self, request: HttpRequest, token: str, *, link: EntryLink, version: Version) -> HttpResponse:
        if request.method == "POST":
            return _start(request, token, link)
        study = definition.definition(version)
        visits = sum(wave.repeat for wave in study.waves)
        if visits > 1 and _comes_again(request, link):  # the one link leads to where they are
            return redirect("session")
        names = slots(version)
        facts = {
            "frame": _frame(link, study),
            "study": study,
            "form_key": new_token(),
            "visits": visits,
            "comes_again": visits > 1 and link.participant is not None,
            "pays_points": study.payments.points is not None,
            "base": amount_text(study.fixed_pay, study.payments.currency),
            "most": names["bonus_max"],
            "between": None if is_told_to_all(study) else names,  # the page is the same for whoever is told later
        }
        return render(request, "participant/landing.html", facts)


def _is_of(request: HttpRequest, token: str) -> bool:
    """Whether a link that has ended is that of the browser's own person: an old message still leads them home."""
    link = queries.ended_link_of(token)
    found = participant_with(cookie_token(request)) if link is not None and link.participant_id else None
    return found is not None and link is not None and found.pk == link.participant_id


def _unknown(request: HttpRequest) -> HttpResponse:
    """429 after too many, else 404. Good links never come here: many people may share an address with one guesser."""
    address = limiter.address_of(request)
    if limiter.has_guessed_too_often(address):
        return _calm(request, status=429, title=_("Please wait a minute"), advice=_("Then open your link again."))
    limiter.count_unknown(address)
    raise Http404("no such link")


def _start(request: HttpRequest, token: str, link: EntryLink) -> HttpResponse:
    if not _is_in(request, link) and limiter.has_entered_too_often(link, limiter.address_of(request)):
        return _too_many(request)
    form_key = request.POST.get("form_key", "")[:LONGEST_KEY]
    try:
        entry = services.enter(
            token,
            cookie_token=cookie_token(request),
            form_key=form_key,
            pilot_token=pilot_token(request, link.study),
        )
    except ParticipantError as error:
        if error.code == "unknown":
            raise Http404("no such link") from error
        return _not_open(request, error.code)
    response = HttpResponseRedirect(reverse("session"))
    response.status_code = SEE_OTHER
    give_cookie(response, entry.secret)
    if entry.participant.origin == Participant.Origin.PILOT:
        give_cookie(response, entry.secret, name=pilot_cookie_name(link.study))
    return response


def _is_in(request: HttpRequest, link: EntryLink) -> bool:
    """Whether the browser is somebody's who is in the study already. Any other cookie lets nobody in uncounted."""
    found = participant_with(cookie_token(request))
    return found is not None and found.study_id == link.study_id


def _comes_again(request: HttpRequest, link: EntryLink) -> bool:
    """Whether the browser is somebody's who is in the study already, and the link is not that of another person.

    Two who share a browser, such as a couple, would go on as one of them if a message to the other led there.
    """
    found = participant_with(cookie_token(request))
    return found is not None and found.study_id == link.study_id and link.participant_id in (None, found.pk)


def _too_many(request: HttpRequest) -> HttpResponse:
    advice = _("Many people have just come from your network. Please open your link again in an hour.")
    return _calm(request, status=429, title=_("Please try again later"), advice=advice)


def _not_open(request: HttpRequest, code: str) -> HttpResponse:
    """A calm answer; nothing was made, and the link stays good."""
    words = {
        "closed": (_("This study has ended"), _("Thank you for your interest. Nobody new can take part any more.")),
        "full": (_("This study has ended"), _("Thank you for your interest. Nobody new can take part any more.")),
        "paused": (_("This study takes a break"), _("Please try your link again later.")),
        "model_changed": (_("This study takes a break"), _("Please try your link again later.")),
    }
    title, advice = words.get(code, (_("This study is not open yet"), _("Please try your link again later.")))
    return _calm(request, status=403, title=title, advice=advice)


def _frame(link: EntryLink, study: StudyFile) -> dict[str, Any]:
    """What stands around the page, as `flow.drawing.Frame` names it."""
    return {
        "title": study.public_title,
        "language": study.language,
        "contact": study.contact.model_dump(),
        "is_demo": link.study.is_demo,
        "is_simulated": link.study.is_simulated,
        "is_over": True,  # there is nothing to leave yet
    }


def _calm(request: HttpRequest, *, status: int, title: str, advice: str) -> HttpResponse:
    facts = {"title": title, "advice": advice, "code": getattr(request, "rapport_code", "")}
    return render(request, "errors/page.html", facts, status=status)
