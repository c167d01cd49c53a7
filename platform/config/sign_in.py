"""Signing in as a researcher: Django's own form, and a limit on guessing."""

import hashlib
from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.cache import cache
from django.utils.translation import gettext as _

from events.access import public

MOST_FAILURES = 10
FORGET_SECONDS = 15 * 60


class SignInForm(AuthenticationForm):
    """Name and password; after too many wrong ones neither is looked at for a while."""

    def clean(self) -> dict[str, Any]:
        """Refuse guessing, and count what was wrong.

        The count is per name, so that many machines guess no faster than one. Losing it with Redis costs nothing.
        """
        key = "sign-in:" + hashlib.sha256(self.cleaned_data.get("username", "").lower().encode()).hexdigest()
        cache.add(key, 0, FORGET_SECONDS)
        if cache.incr(key) > MOST_FAILURES:
            self.add_error(None, _("Too many attempts. Please wait a quarter of an hour."))
            return self.cleaned_data
        cleaned = super().clean()
        cache.delete(key)
        return cleaned


class SignIn(LoginView):
    """The page on which a researcher signs in."""

    form_class = SignInForm
    template_name = "researcher/sign_in.html"


sign_in = public(SignIn.as_view())
sign_out = public(LogoutView.as_view(next_page="login"))
