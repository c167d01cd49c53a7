"""The test study, and the game with talks and texts of the verification's tests."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from studies import registry
from tests.machinery.people import make_version, sharing_is_installed  # noqa: F401  fixtures are found by name


@pytest.fixture(autouse=True)
def trade_is_installed(sharing_is_installed: None, settings: LazySettings) -> Iterator[None]:  # noqa: F811
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.verification.games"]
    registry.experiment.cache_clear()
    yield
    registry.experiment.cache_clear()
