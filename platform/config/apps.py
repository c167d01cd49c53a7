"""The composition root as a Django application: it brings the commands and the checks."""

from django.apps import AppConfig


class CompositionRoot(AppConfig):
    """Registers the checks of the two tables."""

    name = "config"

    def ready(self) -> None:
        """Register them."""
        from config import checks  # noqa: F401  registers by importing
