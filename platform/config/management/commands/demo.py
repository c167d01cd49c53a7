"""`manage.py demo`: have the demonstrations loaded and open, and say where to play and where to look."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from console.services import Demo, prepare_demo
from studies.problems import StudyError

DEMOS = {
    "Play the game": "partner_selection/studies/demo",
    "Play the chat": "longitudinal_chat/studies/demo",
}
"""What a line begins with → the folder of the demonstration to which it leads."""


class Command(BaseCommand):
    """May be run any number of times: links printed earlier stay valid, save those of a researcher that were used."""

    help = "Load and open the demonstration studies; print a link to play each and a one-time link for the researcher."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print one line for each demonstration, and one for the researcher of all of them."""
        if settings.IS_PRODUCTION:
            raise CommandError("a demonstration's links let anybody in: run it on a local installation")
        made: dict[str, Demo] = {}
        for name, folder in DEMOS.items():
            try:
                made[name] = prepare_demo(settings.EXPERIMENTS_DIR / folder, has_entry=not made)
            except StudyError as error:
                raise CommandError(f"{folder}: {error}") from error
        for name, demo in made.items():
            self._say(name, "landing", demo.play_token)
        entry = next(iter(made.values())).researcher_token
        self._say("Researcher", "demo_entry", entry)

    def _say(self, name: str, route: str, token: str) -> None:
        self.stdout.write(f"{name}: {settings.ORIGIN}{reverse(route, args=[token])}")
