"""Every kind of page in a real browser: accessible, narrow enough, quiet in the console, in light and in dark."""

import pytest
from playwright.sync_api import Browser

from tests.browser import look
from tests.browser.stage_set import StageSet
from tests.pages import gallery

pytestmark = pytest.mark.browser
PICTURED_DARK = {"decide": "choose-dark", "return": "send-back-dark", "waiting": "waiting-dark"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(chromium: Browser, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})  # type: ignore[arg-type]
    for name, page in gallery.pages().items():
        tab = context.new_page()
        complaints = look.listen(tab)
        StageSet(page).open(tab)
        look.check(tab)
        assert complaints == [], name
        if scheme == "dark" and name in PICTURED_DARK:
            look.picture(tab, PICTURED_DARK[name])
        tab.close()
    context.close()
