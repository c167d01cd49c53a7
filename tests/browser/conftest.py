"""A headless Chromium for the tests that need one."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str:
    """Where a Chromium is; empty when there is none."""
    return os.environ.get("RAPPORT_CHROMIUM", "") or next((path for name in NAMES if (path := shutil.which(name))), "")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file; each person in a test has a context of their own.

    Playwright keeps an event loop in its thread, in which no other asynchronous test could run: it ends with the file.
    """
    path = chromium_path()
    if not path:
        missing = "no Chromium found: `apt-get install chromium`, or name one in RAPPORT_CHROMIUM"
        if os.environ.get("RAPPORT_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(f"BROWSER TESTS NOT RUN: {missing}")
    # Playwright keeps an event loop in this thread, and Django would take that for an asynchronous caller.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not run as root; what it loads here is only our own pages.
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
