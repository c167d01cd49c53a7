"""The one-time way in for the researcher of a demonstration: looked at by GET, used up by POST."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.debug import sensitive_variables

from console.errors import ConsoleError
from console.services import redeem_demo_entry
from events.access import public

BACKEND = "django.contrib.auth.backends.ModelBackend"


@public
class Enter(View):
    """A page with one button; link previews and scanners that only look do not use the link up."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Ask for the press; who is signed in already needs none."""
        if request.user.is_authenticated:
            return redirect("studies")
        return render(request, "researcher/enter.html")

    @method_decorator(sensitive_variables("token"))
    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Sign in with a new session, once."""
        try:
            user = redeem_demo_entry(token)
        except ConsoleError:
            return render(request, "researcher/enter.html", {"is_used": True}, status=410)
        login(request, user, backend=BACKEND)
        return redirect("studies")


@public
def home(_request: HttpRequest) -> HttpResponse:
    """The bare address: participants come by their own links, so whoever types it is a researcher."""
    return redirect("studies")
