"""The commands as a researcher types them."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client

from studies.models import Study

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue().splitlines()


def test_demo_prints_two_lines_that_lead_somewhere(settings: LazySettings) -> None:
    for _ in range(2):
        play, researcher = run("demo")
        assert re.fullmatch(rf"Play it: {settings.ORIGIN}/j/\S{{43}}", play)
        assert re.fullmatch(rf"Researcher: {settings.ORIGIN}/researcher/enter/\S{{43}}", researcher)
        for line in (play, researcher):
            assert Client().get(line.partition(settings.ORIGIN)[2]).status_code == 200
    study = Study.objects.get()
    assert (study.is_demo, study.status) == (True, "open")


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
