"""Signing in as a researcher: Django's own form, and a limit on guessing. Without Redis nothing is limited."""

import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.utils.translation import gettext as _

from events.access import public
from events.tally import Tally
from participants.limiter import address_of
from studies.models import Study

MOST_FAILURES = 10
MOST_FAILURES_OF_NAME = 100
FORGET_SECONDS = 15 * 60


class SignInForm(AuthenticationForm):
    """Name and password; after too many wrong ones neither is looked at for a while."""

    def clean(self) -> dict[str, Any]:
        """Refuse guessing, and forgive what was wrong before once it is right."""
        name = self.cleaned_data.get("username", "").lower()
        tries = Tries(name, address_of(self.request) if self.request else "")
        if tries.are_too_many():
            self.add_error(None, _("Too many attempts. Please wait a quarter of an hour."))
            return self.cleaned_data
        cleaned = super().clean()
        if self.get_user() is not None:  # without a password nothing was looked at, and Django raises nothing
            tries.forgive()
        return cleaned


class Tries:
    """Attempts at one name in the last quarter of an hour.

    Few are allowed from one address, so that a stranger locks nobody else out; more for the name from everywhere, so
    that many machines guess hardly faster than one. Counts are hints: losing them with Redis costs nothing.
    """

    def __init__(self, name: str, address: str) -> None:
        self.here = Tally(_key(name, address), FORGET_SECONDS)
        self.anywhere = Tally(_key(name), FORGET_SECONDS)
        self.counted: list[Tally] = []

    def are_too_many(self) -> bool:
        """Count one attempt. What one address is refused does not count against the name."""
        here = self._count(self.here)
        if here == 0 or here > MOST_FAILURES:
            return here > 0
        return self._count(self.anywhere) > MOST_FAILURES_OF_NAME

    def forgive(self) -> None:
        """It was no guess. Does nothing where nothing could be counted, so as not to wait for Redis once more."""
        if self.here in self.counted:
            self.here.forget()
        if self.anywhere in self.counted:
            self.anywhere.take_back()

    def _count(self, tally: Tally) -> int:
        count = tally.add()
        if count:
            self.counted.append(tally)
        return count


def _key(*parts: str) -> str:
    return "sign-in:" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


class SignIn(LoginView):
    """The page on which a researcher signs in."""

    form_class = SignInForm
    template_name = "researcher/sign_in.html"

    def get_context_data(self, **facts: Any) -> dict[str, Any]:
        """Say also whether there is a demonstration, which is entered without a password."""
        has_demo = not settings.IS_PRODUCTION and Study.objects.filter(is_demo=True).exists()
        return super().get_context_data(**facts, has_demo=has_demo)


sign_in = public(SignIn.as_view())
sign_out = public(LogoutView.as_view(next_page="login"))
