"""The shipped study, drawn in the test's own database, which holds nothing of it afterwards."""

import pytest
from pytest_django import DjangoDbBlocker

from config.supervisor.screens import Source, source_of
from screens.screen import Drawn
from tests.machinery.quick import SHIPPED
from tests.screens.studies import drawn_here, main_source


@pytest.fixture(scope="session")
def main(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The shipped study."""
    return main_source(tmp_path_factory.mktemp("main"))


@pytest.fixture(scope="session")
def drawn_main(main: Source, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Drawn:
    """Every page of the shipped study, once for all tests of this worker."""
    with django_db_blocker.unblock():
        return drawn_here(main.plan)


@pytest.fixture(scope="session")
def drawn_demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Drawn:
    """Every page of the study that one plays oneself, once for all tests of this worker."""
    with django_db_blocker.unblock():
        return drawn_here(source_of(str(SHIPPED / "demo"), seed="1").plan)
