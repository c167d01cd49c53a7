"""A researcher who is signed in, and the demonstration as it is shipped."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from console.services import Demo, prepare_demo
from studies.models import Membership, Study

DEMO_FOLDER = settings.EXPERIMENTS_DIR / "partner_selection" / "studies" / "demo"
SignIn = Callable[..., Client]


@pytest.fixture
def demo(transactional_db: None) -> Demo:
    """The demonstration, loaded and open."""
    return prepare_demo(DEMO_FOLDER)


@pytest.fixture
def sign_in(transactional_db: None) -> SignIn:
    """Make an account with a role in a study, and a browser in which it is signed in."""

    def signed_in(study: Study | None = None, role: str = "owner", *, is_staff: bool = True) -> Client:
        user = User.objects.create(username=f"user{User.objects.count()}", is_staff=is_staff)
        if study is not None:
            Membership.objects.create(study=study, user=user, role=role)
        browser = Client()
        browser.force_login(user)
        return browser

    return signed_in
