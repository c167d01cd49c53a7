"""People allocated one by one: at the entry, or after a named stage, in blocks of their own for each answer."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables import table_named
from flow.services import sessions
from scheduling.models import Session
from studies.models import Allocation, Slot, Version
from studies.services import load
from tests.machinery.people import FOLDER, fresh, newcomer, page, send, stage_id
from tests.machinery.slots import condition_held, holders_by_condition
from tests.machinery.study_files import read_study, write_study

pytestmark = pytest.mark.django_db(transaction=True)

ABOUT = """
- id: site
  type: choice
  label: "Where are you?"
  options: [{value: north, label: North}, {value: south, label: South}]
"""
FACTS = ("partners", "groups")


def study_of_people(folder: Path, allocation: dict[str, Any]) -> Version:
    """Consent, one question, a page that differs by condition, debrief: nobody meets anybody."""
    home = folder / "alone"
    shutil.copytree(FOLDER, home)
    (home / "about.yaml").write_text(ABOUT)
    consent = home / "pages" / "consent.md"
    consent.write_text(
        "\n".join(line for line in consent.read_text().splitlines() if "{{ pay_per_minute }}" not in line)
    )
    said = read_study(home)
    stages = {stage["id"]: stage for stage in said["waves"][0]["stages"]}
    about = {"id": "about", "kind": "survey", "items": "about.yaml"}
    kept = [stages["consent"], about, stages["briefing"], stages["debrief"]]
    said |= {"id": "alone", "allocation": {"unit": "participant", "block_sizes": [2], **allocation}}
    said["waves"][0]["stages"] = kept
    for name in FACTS:
        said.pop(name)
    said["told"] = {"ai_may_be_present": False, "share": "none", "who_knows": "nobody"}
    used = {"completed", "left", "withdrawn", "declined"}
    said["exits"] = {name: exit_ for name, exit_ in said["exits"].items() if name in used}
    write_study(home, said)
    return load(home, seed="people", is_open=True)


def at_the_briefing(version: Version, site: str, **facts: str) -> Session:
    session = newcomer(version, **facts)
    send(session, take_part="yes", share_numbers="yes")
    assert send(session, site=site) == "stored"
    return fresh(session)


def test_people_are_allocated_in_blocks_within_each_answer(tmp_path: Path) -> None:
    version = study_of_people(tmp_path, {"at": "about", "strata": ["site"]})
    for site in ("north", "south"):
        conditions = [condition_held(at_the_briefing(version, site).participant) for _ in range(4)]
        assert Counter(conditions) == {"label=hidden": 2, "label=marked": 2}
    assert set(holders_by_condition(version).values()) == {4}
    assert Allocation.objects.count() == 8


def test_log_names_neither_who_withdrew_nor_their_covariates(tmp_path: Path) -> None:
    """The stratum is the name of a sequence: without it nobody could follow which slot was the next."""
    rule = {"at": "about", "strata": ["site"], "method": "minimisation", "covariates": ["site"], "block_sizes": []}
    version = study_of_people(tmp_path, rule)
    gone, stays = at_the_briefing(version, "north"), at_the_briefing(version, "south")
    sessions.leave(gone.pk, withdraw=True)
    with snapshot():
        rows = list(table_named("allocations", version.study).rows(Scope(version.study)))
    told = [(row["unit_code"], row["stratum"], row["covariates"]) for row in rows]
    assert told == [(None, "site=north", ""), (stays.participant.code, "site=south", "site=south")]


def test_page_shows_the_condition_of_the_person(tmp_path: Path) -> None:
    version = study_of_people(tmp_path, {"at": "about", "strata": ["site"]})
    titles = set()
    for _ in range(2):
        session = at_the_briefing(version, "north")
        assert stage_id(session) == "briefing"
        shown = page(session)
        assert [field.key for field in shown.fields] == ["told"]
        titles.add(shown.html)
    assert len(titles) == 2


def test_people_may_be_allocated_when_they_enter(tmp_path: Path) -> None:
    version = study_of_people(tmp_path, {"at": "entry"})
    conditions = [condition_held(newcomer(version).participant) for _ in range(4)]
    assert Counter(conditions) == {"label=hidden": 2, "label=marked": 2}


def test_people_who_try_the_study_out_take_no_slot_of_those_who_count(tmp_path: Path) -> None:
    version = study_of_people(tmp_path, {"at": "about", "strata": ["site"]})
    for origin in ("preview", "link"):
        at_the_briefing(version, "north", origin=origin)
    held = Slot.objects.exclude(holder_id=None).order_by("pk")
    assert list(held.values_list("stratum", "number")) == [("~preview,site=north", 1), ("site=north", 1)]


def test_people_who_try_it_out_from_the_entry_on_take_none_either(tmp_path: Path) -> None:
    version = study_of_people(tmp_path, {"at": "entry"})
    for origin in ("demo", "link"):
        newcomer(version, origin=origin)
    held = Slot.objects.exclude(holder_id=None).order_by("pk")
    assert list(held.values_list("stratum", "number")) == [("~demo", 1), ("", 1)]
