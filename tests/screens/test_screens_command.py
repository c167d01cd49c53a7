"""`manage.py study screens`: a study in, a document out, and a status that says whether conditions are alike."""

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from config.refusal import SetupError
from tests.machinery.quick import SHIPPED
from tests.machinery.running import Running
from tests.screens.studies import short_copy

CHANGED = ("You will see your role", "You will find your role")


def test_pages_of_a_folder_are_drawn_elsewhere_and_compared(running: Running, tmp_path: Path) -> None:
    folder, out = short_copy(tmp_path), tmp_path / "out"
    arguments = ("study", "screens", str(folder), "--out", str(out), "--no-pictures", "--diff", "hidden", "disclosed")
    said = running.manage(*arguments)
    assert "all declared" in said
    assert "declared: briefing.pages by label, on briefing, first" in said
    html = (out / "screens.html").read_text(encoding="utf-8")
    assert "Every page that a participant of partner-selection can see" in html
    page = folder.parent / "pages" / "briefing_disclosed.md"
    page.write_text(page.read_text().replace(*CHANGED))
    with pytest.raises(SetupError) as refused:
        running.manage(*arguments)
    assert "NOT DECLARED, on briefing, first" in str(refused.value)
    assert "label=hidden: You will see your role in the first round." in str(refused.value)
    assert "label=disclosed: You will find your role in the first round." in str(refused.value)
    assert "differences that the study file does not declare" in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--diff", "hidden", "seen"], "neither two conditions nor two levels of one factor"),
        (["--diff", "hidden", "hidden"], "cannot be compared with itself"),
    ],
)
def test_refusal_comes_before_anything_is_started(db: None, arguments: Sequence[str], told: str) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("study", "screens", str(SHIPPED / "main"), *arguments, stdout=StringIO())


def test_pdf_without_a_browser_says_what_to_install(
    db: None, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHROMIUM = ""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match="apt-get install chromium"):
        call_command("study", "screens", str(SHIPPED / "main"), "--pdf", stdout=StringIO())
