"""Pictures and PDF, by a Chromium that is spoken to directly. Not in tests/browser: it has an event loop of its own."""

import base64
from pathlib import Path

import pytest
from django.conf import LazySettings

from config.supervisor.chromium import chromium_path, pdf_of, pictures_of
from screens.errors import ScreensError

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not chromium_path(), reason="BROWSER TESTS NOT RUN: no Chromium found"),
]
PAGE = (
    '<!doctype html><html><body style="margin:0"><p style="height:900px">Hello</p>'
    '<div data-amount><input type="number" min="0" max="30" value=""></div></body></html>'
)


def size_of(picture: str) -> tuple[int, int]:
    """Width and height of a lossy WebP (RFC 9649: two little-endian numbers of 14 bits after its start code)."""
    raw = base64.b64decode(picture.removeprefix("data:image/webp;base64,"))
    assert raw[8:12] == b"WEBP"
    at = raw.index(b"\x9d\x01\x2a") + 3
    return int.from_bytes(raw[at : at + 2], "little") & 0x3FFF, int.from_bytes(raw[at + 2 : at + 4], "little") & 0x3FFF


def test_picture_is_as_wide_as_the_window_and_as_high_as_the_page() -> None:
    ((wide, narrow),) = pictures_of([PAGE], widths=(1280, 360), script="")
    assert [size_of(wide)[0], size_of(narrow)[0]] == [1280, 360]
    assert size_of(wide)[1] > 900


def test_script_is_run_before_the_picture_is_taken() -> None:
    script = "document.body.innerHTML = '<p style=\"height:2000px\">Other</p>'"
    ((picture,),) = pictures_of([PAGE], widths=(400,), script=script)
    assert size_of(picture)[1] > 2000


def test_file_is_printed(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    printed = pdf_of(tmp_path / "page.html")
    assert printed.startswith(b"%PDF-")
    assert printed.rstrip().endswith(b"%%EOF")


def test_browser_that_does_not_start_is_named(settings: LazySettings) -> None:
    settings.CHROMIUM = "/bin/false"
    with pytest.raises(ScreensError, match="/bin/false did not start"):
        pdf_of(Path("page.html"))
