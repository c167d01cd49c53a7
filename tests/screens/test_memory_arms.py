"""Arms that differ in what a partner remembers, and in nothing that anybody is shown, visit by visit."""

import shutil
from pathlib import Path

import pytest

from config.supervisor.screens import compared
from screens.differing import told
from screens.looking import LATER, PAST
from screens.screen import EXITS
from tests.browser.test_two_visits import STUDIES, study_folder
from tests.machinery.study_files import read_study, write_study
from tests.screens.studies import drawn_folder
from tests.sizes import sized

pytestmark = pytest.mark.django_db
ARMS = {"kept": {"kind": "facts"}, "wiped": {"kind": "session"}}


@pytest.mark.sized
def test_arms_of_seven_chats_show_the_same_pages(tmp_path: Path) -> None:
    """The study as it is shipped, in `make test` with fewer conversations of the seven."""
    shutil.copytree(STUDIES, tmp_path / "studies")
    home = tmp_path / "studies" / "seven_chats"
    said = read_study(home)
    next(wave for wave in said["waves"] if wave["id"] == "chat")["repeat"] = sized(test=3, long=7)
    said["payments"]["minimum_hourly"] = "0.00"  # so few visits pay less for the same minutes
    write_study(home, said)
    source, pages = drawn_folder(home)
    assert [told(same) for same in compared(pages, source.study, *ARMS)] == []
    keys = [set(pages.under(f"memory={arm}")) for arm in ARMS]
    assert keys[0] == keys[1]
    assert {"consent", "talk", "after", "between_visits", EXITS} <= {key.stage for key in keys[0]}
    told_at = {key for key, one in pages.under("memory=kept").items() if "What this study was about" in one.html}
    assert {key.stage for key in told_at} == {EXITS}, "only when the study is over for everybody"
    assert len(keys[0]) > 60


def test_arms_of_memory_show_the_same_pages_over_all_visits(tmp_path: Path) -> None:
    home = study_folder(tmp_path)
    said = read_study(home)
    said["factors"] = {"memory": {"levels": list(ARMS)}}
    said["allocation"]["block_sizes"] = [len(ARMS)]
    said["partners"]["companion"]["memory"]["values"] = ARMS
    write_study(home, said)
    source, pages = drawn_folder(home)
    assert [told(same) for same in compared(pages, source.study, *ARMS)] == []
    for arm in ARMS:
        talks = {(key.visit, key.state): one for key, one in pages.under(f"memory={arm}").items() if key.step == "talk"}
        later = [one.html for (visit, state), one in talks.items() if visit == "chat 2" and LATER in state]
        assert later, sorted(talks)
        assert all("Your earlier conversations" in html for html in later)
        assert any(state == PAST for _visit, state in talks)
        assert not any(LATER in state for visit, state in talks if visit == "chat 1")
