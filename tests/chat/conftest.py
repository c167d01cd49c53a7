"""The games of these tests, installed as any experiment is."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from studies import registry


@pytest.fixture(autouse=True)
def games_are_installed(settings: LazySettings) -> Iterator[None]:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()
    yield
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()
