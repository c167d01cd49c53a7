"""Every address of the pages. Each view carries a mark of `events.access`; a test walks them all."""

from django.urls import include, path

from config import health, sign_in

urlpatterns = [
    path("livez", health.livez),
    path("readyz", health.readyz),
    path("statusz", health.statusz),
    path("login", sign_in.sign_in, name="login"),
    path("logout", sign_in.sign_out, name="logout"),
    path("", include("participants.urls")),
    path("", include("flow.urls")),
    path("", include("chat.urls")),
    path("", include("console.urls")),
]

handler400 = "config.errors.bad_request"
handler403 = "config.errors.refused"
handler404 = "config.errors.missing"
handler500 = "config.errors.failed"
