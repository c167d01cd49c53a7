"""Messages that become files: nobody but their owner reads them, and no name of a file tells an address."""

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.mail import send_mail

from flow.letters import NotSentError
from flow.mail import TO_FILES, Email
from studies.models import Version
from tests.reminders.conftest import SOMEBODY, enrolled
from tests.reminders.test_mail import LETTER
from tests.scheduling.test_visits import berlin, pass_to
from tests.scheduling.test_visits import enrolled as without_question

Make = Callable[..., Version]


def modes(folder: Path) -> set[int]:
    """Who may read the files of a folder."""
    return {file.stat().st_mode & 0o777 for file in folder.iterdir()}


@pytest.mark.django_db
def test_reminders_are_read_by_their_owner_alone_and_named_without_an_address(
    make: Make, settings: LazySettings
) -> None:
    folder = Path(settings.EMAIL_FILE_PATH)
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)  # as an earlier version made it
    enrolled(make(is_simulated=True))
    for day in (23, 24):
        pass_to(berlin(2027, 3, day, 8))
    files = list(folder.iterdir())
    assert len(files) == 2
    assert (folder.stat().st_mode & 0o777, modes(folder)) == (0o700, {0o600})
    for file in files:
        assert re.fullmatch(r"[0-9a-f]{32}\.eml", file.name), "no address, and nobody's key"
        assert "/j/" in file.read_text("utf-8"), "what lets somebody in"


def test_every_other_message_is_kept_so_too(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = TO_FILES
    send_mail("Look", "At number 3: ä", "rapport@example.org", ["oncall@example.org"])
    (file,) = Path(settings.EMAIL_FILE_PATH).iterdir()
    assert (file.stat().st_mode & 0o777, "oncall" in file.name) == (0o600, False)
    message = message_from_bytes(file.read_bytes())
    assert message["To"] == "oncall@example.org"
    monkeypatch.setattr("flow.mail_files.private_folder", refused)
    with pytest.raises(NotSentError, match="no_connection"):
        Email().send(SOMEBODY, replace(LETTER, is_trial=True))


def refused(_path: Path) -> Path:
    raise PermissionError("somebody else's")


@pytest.mark.django_db
def test_what_a_stand_in_for_a_recruiter_writes_is_read_by_its_owner_alone(make: Make, settings: LazySettings) -> None:
    without_question(make(channels=["recruiter_message"], recruitment={"adapter": "files"}))
    pass_to(berlin(2027, 3, 23, 8))
    folder = Path(settings.MESSAGES_FOLDER)
    assert (folder.stat().st_mode & 0o777, modes(folder)) == (0o700, {0o600})
