"""`manage.py demo`: have the demonstrations loaded and open, and say where to play and where to look."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from console.services import Demo, prepare_demo
from studies.problems import StudyError

DEMOS = ["partner_selection/studies/demo"]


class Command(BaseCommand):
    """May be run any number of times: links printed earlier stay valid, save those of a researcher that were used."""

    help = "Load and open the demonstration studies; print a link to play and a one-time link for the researcher."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Print exactly two lines for each demonstration."""
        if settings.IS_PRODUCTION:
            raise CommandError("a demonstration's links let anybody in: run it on a local installation")
        for folder in DEMOS:
            try:
                self._say(prepare_demo(settings.EXPERIMENTS_DIR / folder))
            except StudyError as error:
                raise CommandError(f"{folder}: {error}") from error

    def _say(self, demo: Demo) -> None:
        for name, route, token in (
            ("Play it", "landing", demo.play_token),
            ("Researcher", "demo_entry", demo.researcher_token),
        ):
            self.stdout.write(f"{name}: {settings.ORIGIN}{reverse(route, args=[token])}")
