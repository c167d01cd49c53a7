"""Every kind of page in a real browser: accessible, narrow enough, quiet in the console, in light and in dark."""

import pytest
from playwright.sync_api import Browser

from tests.browser import look
from tests.browser.stage_set import StageSet
from tests.pages import gallery

pytestmark = pytest.mark.browser
KEPT = {"decide": "choose", "return": "send-back", "consent": "consent", "waiting": "waiting", "survey": "survey"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(chromium: Browser, scheme: str) -> None:
    context = chromium.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})  # type: ignore[arg-type]
    for name, page in gallery.pages().items():
        tab = context.new_page()
        complaints = look.listen(tab)
        StageSet(page).open(tab)
        look.check(tab)
        assert complaints == [], name
        if name in KEPT and scheme == "light":
            look.picture(tab, KEPT[name])
        elif name == "decide" or name in KEPT:
            look.picture(tab, f"{KEPT[name]}-dark")
        tab.close()
    context.close()
