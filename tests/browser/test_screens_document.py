"""The document of all screens in a real browser: accessible, and narrow enough for a phone."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from config.supervisor.screens import Source
from screens.document import document
from screens.screen import Drawn
from tests.browser import look
from tests.screens.conftest import drawn_main, main  # noqa: F401  fixtures are found by name

pytestmark = pytest.mark.browser


def test_document_is_accessible_and_fits_a_phone(
    main: Source,  # noqa: F811
    drawn_main: Drawn,  # noqa: F811
    chromium: Browser,
    tmp_path: Path,
) -> None:
    few = Drawn([screen for screen in drawn_main.screens if screen.key.role in ("", "Chooser")][::3])
    file = tmp_path / "screens.html"
    file.write_text(document(main.study, few, about="As it stands.", pictures={}), encoding="utf-8")
    tab = chromium.new_page()
    complaints = look.listen(tab)
    tab.goto(file.as_uri())
    look.check_access(tab)
    look.check_width(tab)
    assert complaints == []
