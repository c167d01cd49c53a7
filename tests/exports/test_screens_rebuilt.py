"""A whole run of partner selection: a script that knows the dataset alone makes every page again that was served."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from events import runner
from exports.services.bundle import export
from flow import pace
from flow.kinds import VOID_PATH
from flow.queries import page_of
from flow.services.forming import form_groups
from matching.models import Group
from participants import services as people
from scheduling.models import Session
from studies.models import Version
from studies.services import close_study, load
from tests.exports import rebuild_screens, recompute_checks
from tests.machinery.people import fresh
from tests.machinery.quick import quick_study, right_answers, stage
from tests.machinery.shown import kind_of, words_in
from tests.verification.played import let_time_pass

pytestmark = pytest.mark.django_db(transaction=True)
FORM = "application/x-www-form-urlencoded"
ODD_WORDS = "= 1 + 1 <b> & **stars**  and\n\u200bmore"
# Pages of a game that belong to no step: nothing is told on them.
BETWEEN = re.compile(
    r"Waiting for the other players (to be ready They are still reading the page before this one\."
    r"|The other players are still in this round\. .*) This page goes on by itself\.$"
)


@dataclass
class Browser:
    """Somebody, and the words of every page that they were served, in order."""

    session: Session
    client: Client
    right: dict[str, str]
    served: list[tuple[str, str]] = field(default_factory=list)  # kind and words
    tried: set[str] = field(default_factory=set)  # items of the quiz

    @property
    def code(self) -> str:
        return self.session.participant.code

    def look(self) -> str:
        """The page as it is now."""
        html = self.client.get("/s/").content.decode()
        if not self.served or self.served[-1][1] != words_in(html):
            self.served.append((kind_of(html), words_in(html)))
        return html

    def go_on(self) -> bool:
        """Answer the page, if it asks for anything."""
        html = self.look()
        session = fresh(self.session)
        here = page_of(session)
        if session.status != Session.Status.ACTIVE or not here.button:
            return False
        hidden = re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)"', html)
        data = {name: unescape(value) for name, value in hidden} | {one.key: self._answer(one) for one in here.fields}
        answer = self.client.post("/s/", urlencode(data), content_type=FORM)
        assert answer.status_code == 303, answer.content.decode()
        self.look()
        return True

    def _answer(self, one: Any) -> str:
        rng = Random(f"{self.code}/{one.key}/{len(self.served)}")
        if one.kind == "tick":
            return "yes"
        if one.kind == "text":
            return ODD_WORDS
        if one.key not in self.right:
            return str(one.simulate(rng))
        is_first = one.key not in self.tried
        self.tried.add(one.key)
        return "0" if one.key == "keep" and is_first else self.right[one.key]


def changed(said: dict[str, Any]) -> None:
    """Two people and a program to a group; whoever has a form is waited for."""
    said["groups"]["society"]["roles"] = {"selector": {"humans": 1}, "candidate": {"humans": 1, "ai": 1}}
    said["partners"]["computer"]["delay"] = {"min_s": 0, "max_s": 0, "think_s": [0, 0], "miss": 0}
    said["allocation"]["block_sizes"] = [2]
    stage(said, "game")["on_timeout"]["strikes"] = 3
    stage(said, "game")["parameters"] |= {"history": "own_table"}


@pytest.fixture
def version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Version, dict[str, str]]:
    monkeypatch.setattr(pace, "is_too_fast", lambda _: False)  # forms come as fast as the test can send them
    home = quick_study(tmp_path, change=changed)
    return load(home, is_open=True, seed="screens"), dict(right_answers(home))


def come(version: Version, right: dict[str, str], number: int) -> Browser:
    client = Client(headers={"host": "localhost"}, REMOTE_ADDR=f"10.0.0.{number}")
    client.post(f"/j/{people.make_link(version.study)}")
    return Browser(fresh(Session.objects.latest("pk")), client, right)


def play(pair: list[Browser]) -> None:
    """To the end; in round 1 somebody does not act in time."""
    has_voided = False
    for _ in range(200):
        runner.drain("bots")
        did = [one.go_on() for one in pair]
        if all(fresh(one.session).status != Session.Status.ACTIVE for one in pair):
            return
        group = Group.objects.filter(seats__session=pair[0].session).first()
        if group is not None and group.round == 1 and not has_voided:
            has_voided = True
            let_time_pass(group)
        elif not any(did) and group is not None and group.matches.filter(path=VOID_PATH).exists():
            let_time_pass(group)  # a program that was away when it should have acted is away from this page too
        elif not any(did):
            form_groups(pair[0].session.participant.version_id, "lobby")
    raise AssertionError("the run does not end")


def played(version: tuple[Version, dict[str, str]], folder: Path) -> tuple[Path, list[Browser]]:
    """Two groups, one of each condition; the dataset, and the people with what they were served."""
    everybody: list[Browser] = []
    for _ in range(2):
        pair = [come(*version, len(everybody) + number) for number in range(2)]
        everybody += pair
        play(pair)
    close_study(version[0].study)  # until then conditions are masked
    export(version[0].study, folder / "out")
    return folder / "out", everybody


@pytest.fixture(scope="module")
def kept() -> list[tuple[Path, list[Browser]]]:
    """The one run of those tests that look at its files only: whichever comes first plays it."""
    return []


@pytest.fixture
def run(
    request: pytest.FixtureRequest, kept: list[tuple[Path, list[Browser]]], tmp_path: Path
) -> tuple[Path, list[Browser]]:
    """A run of which no test changes anything."""
    if not kept:
        kept.append(played(request.getfixturevalue("version"), tmp_path))
    return kept[0]


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def test_every_page_that_was_served_is_made_again_from_the_dataset(run: tuple[Path, list[Browser]]) -> None:
    folder, everybody = run
    found = rebuild_screens.screens(folder)
    assert [one.where for one in found if not one.agrees] == []
    known: dict[str, set[str]] = defaultdict(set)
    for one in found:
        known[one.participant] |= {one.words, one.acted}
    met: Counter[str] = Counter()
    for person in everybody:
        for kind, words in person.served:
            met[kind] += 1
            if kind in ("waiting", "end") or BETWEEN.match(words):
                continue
            assert words in known[person.code], f"{person.code} was served, and nothing in the dataset says:\n{words}"
    assert met["text"] >= 4 * 15
    assert met["match"] > 60


def test_every_stage_and_step_was_seen_and_is_in_the_dataset(run: tuple[Path, list[Browser]]) -> None:
    folder, everybody = run
    assert {row["condition"] for row in rows(folder, "groups")} == {"label=hidden", "label=disclosed"}
    stages = Counter(row["stage"] for row in rows(folder, "pages"))
    assert stages == {
        "consent": 4, "instructions": 16, "quiz": 8, "briefing": stages["briefing"], "looking_back": 20, "after": 4,
        "debrief": 4,
    }  # fmt: skip
    steps = {row["step"] for row in rows(folder, "exposures") if row["text_sha256"]}
    assert steps == {"ask", "reply", "decide", "expect", "feedback", "types", "~void"}
    served = {words for person in everybody for _kind, words in person.served}
    found = rebuild_screens.screens(folder)
    assert sum(one.words in served for one in found) > 0.8 * len(found)
    assert sum(bool(one.acted) and one.acted in served for one in found) > 10, "and as they stood after an act"


def test_words_that_nobody_sees_and_marks_of_formatting_are_as_the_page_drew_them(
    run: tuple[Path, list[Browser]],
) -> None:
    words = [one.words for one in rebuild_screens.screens(run[0])]
    assert any("= 1 + 1 <b> & **stars** and more" in one for one in words)


def test_changed_text_or_view_is_noticed(run: tuple[Path, list[Browser]]) -> None:
    folder, _ = run
    file = folder / "texts.v1.json"
    said = json.loads(file.read_text("utf-8"))
    name = next(name for name in said["files"] if name.endswith("decide_selector.md"))
    said["files"][name]["words"] += " More."
    file.write_text(json.dumps(said), "utf-8")
    wrong = {one.where.rpartition(" ")[2] for one in rebuild_screens.screens(folder) if not one.agrees}
    assert wrong == {"decide"}


def test_exposures_name_what_was_shown(run: tuple[Path, list[Browser]]) -> None:
    decisions = [row for row in rows(run[0], "exposures") if row["step"] == "decide" and row["round"] == "3"]
    chooser = next(row for row in decisions if '"choice"' in row["fields"])
    assert [value for value, _ in json.loads(chooser["fields"])[0]["options"]] == ["A", "B", "keep"]
    assert (chooser["acts"], chooser["history_shown"]) == ("1", "Your rounds so far (2)")
    assert json.loads(chooser["slots"])["endowment"] == "10"
    automated = [row for row in decisions if not row["participant"]]
    assert automated
    assert {row["text_sha256"] for row in automated} == {""}, "nobody looks at a page there"


def test_decisions_have_a_row_for_everything_that_was_asked_and_for_nothing_else(
    run: tuple[Path, list[Browser]],
) -> None:
    folder, _ = run
    asked = {
        (row["match"], row["step"], row["seat"]): {one["key"] for one in json.loads(row["fields"])}
        for row in rows(folder, "exposures")
    }
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for row in rows(folder, "decisions"):
        key = f"{row['field']}@{row['about']}" if row["about"] else row["field"]
        found[row["match"], row["step"], row["seat"]].add(key)
    assert found == {place: keys for place, keys in asked.items() if keys}
    assert "timeout" in {row["source"] for row in rows(folder, "decisions")}


def test_checks_have_a_row_of_everybody_who_came_to_them(run: tuple[Path, list[Browser]]) -> None:
    folder, everybody = run
    assert recompute_checks.differences(folder) == []
    told = [row["participant"] for row in rows(folder, "checks") if row["kind"] == "manipulation"]
    assert sorted(told) == sorted(person.code for person in everybody)


def test_words_of_people_are_not_in_the_texts_and_those_of_who_withdrew_in_no_screen(
    version: tuple[Version, dict[str, str]], tmp_path: Path
) -> None:
    folder, everybody = played(version, tmp_path)
    assert "stars" not in (folder / "texts.v1.json").read_text("utf-8")
    gone = everybody[0].session.participant
    type(gone).objects.filter(pk=gone.pk).update(status="withdrawn", exit="withdrawn")
    export(version[0].study, tmp_path / "later")
    assert gone.code not in {row["participant"] for row in rows(tmp_path / "later", "pages")}
    left = rebuild_screens.screens(tmp_path / "later")
    assert [one.where for one in left if not one.agrees] == []
    group = Group.objects.get(seats__session=everybody[0].session).code
    met = [row for row in rows(tmp_path / "later", "exposures") if row["group"] == group]
    assert met
    assert {(row["text_sha256"], row["slots"], row["fields"], row["view"]) for row in met} == {("", "", "", "")}


def test_the_run_stops_at_no_stage(run: tuple[Path, list[Browser]]) -> None:
    folder, everybody = run
    assert [row["exit"] for row in rows(folder, "participants")] == ["completed"] * len(everybody)
