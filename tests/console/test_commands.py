"""The commands as a researcher types them."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from console.models import DemoEntry
from studies.models import Study

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().splitlines()


def test_demo_prints_lines_that_lead_to_both_studies_and_to_their_researcher(settings: LazySettings) -> None:
    for _ in range(2):
        game, chat, researcher = run("demo")
        assert re.fullmatch(rf"Play the game: {settings.ORIGIN}/j/\S{{43}}", game)
        assert re.fullmatch(rf"Play the chat: {settings.ORIGIN}/j/\S{{43}}", chat)
        assert re.fullmatch(rf"Researcher: {settings.ORIGIN}/researcher/enter/\S{{43}}", researcher)
        said = [Client().get(line.partition(settings.ORIGIN)[2]).content.decode() for line in (game, chat)]
        assert ["visits on different days" in page for page in said] == [False, True]
        desk = Client()
        entry = researcher.partition(settings.ORIGIN)[2]
        assert desk.get(entry).status_code == 200
        listed = desk.post(entry, follow=True).content.decode()
        assert all(slug in listed for slug in ("partner-selection-demo", "seven-chats-demo"))
    assert {(study.slug, study.is_demo, study.status) for study in Study.objects.all()} == {
        ("partner-selection-demo", True, "open"), ("seven-chats-demo", True, "open"),
    }  # fmt: skip
    assert DemoEntry.objects.count() == 2, "one for each time"


def test_demo_is_refused_in_production(settings: LazySettings) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError, match="local installation"):
        run("demo")
    assert not Study.objects.exists()


def test_export_writes_the_dataset_and_refuses_what_is_not_there(tmp_path: Path) -> None:
    run("demo")
    said = run("export", "partner-selection-demo", "--out", str(tmp_path / "out"))
    assert said[0].split()[:3] == ["participants.csv", "0", "rows"]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {line.split()[0] for line in said}
    with pytest.raises(CommandError, match="not an empty folder"):
        run("export", "partner-selection-demo", "--out", str(tmp_path / "out"))
    with pytest.raises(CommandError, match="no study is called"):
        run("export", "nothing", "--out", str(tmp_path / "other"))
