"""No prompt of the headline study says more than the page a person would see in the same seat, and none says what the
condition is: every step, every role, both conditions, played by models."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from bots import prompts
from bots.by_model import ModelOccupant
from bots.prompts import Told
from bots.queries import Address
from bots.services import Turn, begin, make_group
from events import runner
from flow.models import Match
from flow.page import Page
from flow.stages.game import GameStage
from llm.door import complete
from llm.exchange import Completed, Message, Request
from matching.models import Group, Seat
from paradigm import Choice, Points, Text, View
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.models import Version
from studies.services import freeze

STUDIES = Path(__file__).parents[2] / "experiments/partner_selection/studies"
BY_POLICY = "occupant: policy\n    policies: [fair, reciprocator]\n"
BY_MODEL = """occupant: model
    personas: [../prompts/fair.md]
    model: {name: scripted/one, daily_cost_usd: "0.00"}
"""
# The fixed words of a prompt's user message: how answers are to be given.
FRAME = "you are asked for one of a whole number from to at least and at most characters may be left empty"
NEVER = ["kind", "human", "hidden", "disclosed", "condition", "label=", "factor", "occupant", "policy", "seed"]
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Seen:
    """One seat at one step: what a model there is asked, and what a person there is shown."""

    path: str
    role: str
    condition: str
    system: str
    user: str
    page: Page

    @property
    def view(self) -> View:
        assert self.page.view is not None
        return self.page.view


def words(text: str) -> set[str]:
    return {word.casefold() for word in WORD.findall(text)}


def page_text(page: Page) -> str:
    """Everything that a person's page shows, field bounds and option values included."""
    parts = [page.title, unescape(re.sub(r"<[^>]*>", " ", page.html))]
    if page.view is not None:
        shown = page.view.as_json()
        parts.append(json.dumps([shown["cards"], shown["lines"], shown["tables"]], ensure_ascii=False))
    for field in page.fields:
        parts += [field.key, field.label]
        if isinstance(field, Choice):
            parts += [f"{option.value} {option.label}" for option in field.offered]
        if isinstance(field, Points):
            parts.append(f"{field.low} {field.high}")
        if isinstance(field, Text):
            parts.append(f"{field.min_chars} {field.max_chars}" if field.min_chars else str(field.max_chars))
    return " ".join(parts)


def by_model(folder: Path) -> Version:
    """The demonstration study with models in its automated seats."""
    shutil.copytree(STUDIES, folder)
    file = folder / "demo/study.yaml"
    said = file.read_text()
    assert BY_POLICY in said
    file.write_text(said.replace(BY_POLICY, BY_MODEL))
    return freeze(folder / "demo", seed="7")


def played(group: Group) -> Iterator[Seen]:
    """Look from every acting seat, at every step, while the group plays."""
    looked_at: set[tuple[int, str, int]] = set()
    while group.status == Group.Status.ACTIVE:
        for match in group.matches.exclude(path=""):
            for seat in Seat.objects.filter(placings__match=match):
                if (match.pk, match.path, seat.pk) not in looked_at:
                    looked_at.add((match.pk, match.path, seat.pk))
                    yield from seen(match, seat)
        runner.drain("bots", limit=1)
        group.refresh_from_db()


def seen(match: Match, seat: Seat) -> Iterator[Seen]:
    """The prompt and the page of a seat, if it is to act."""
    before = {"occupant": seat.occupant, "policy": seat.policy, "settings": seat.settings}
    settings = {"asked_if_ai": "deflect", "model": {"name": "scripted/one", "max_tokens": 99, "daily_cost_usd": "0"}}
    persona = match.group.seats.filter(occupant="model").values_list("policy", flat=True)[0]
    Seat.objects.filter(pk=seat.pk).update(occupant="model", policy=persona, settings=settings)
    turn = begin(Address(match.pk, match.path, seat.pk))
    if turn.facts is not None and turn.facts.fields:  # a page to read asks nobody anything
        system, user = async_to_sync(asked)(turn)
        where = (match.path, seat.role, match.group.condition)
        yield Seen(*where, system["content"], user["content"], page_of(seat))
    turn.row.delete()
    Seat.objects.filter(pk=seat.pk).update(**before)


async def asked(turn: Turn) -> list[Message]:
    """What the real occupant sends through the door."""
    requests: list[Request] = []

    async def watched(request: Request) -> Completed:
        requests.append(request)
        return await complete(request)

    assert turn.facts is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bots.by_model.complete", watched)
        await ModelOccupant().values(turn.facts, key=f"{turn.key}/audit")
    return list(requests[0].messages)


def page_of(seat: Seat) -> Page:
    """What a person in the same seat would see at the same moment."""
    version = seat.group.version
    person = Participant.objects.create(
        study=version.study, version=version, code=f"p{Participant.objects.count()}", origin="link",
        token_sha256=f"{Participant.objects.count():064d}",
    )  # fmt: skip
    session = Session.objects.create(participant=person, wave="main")
    Seat.objects.filter(pk=seat.pk).update(session=session)
    page = GameStage(definition.stage_named(version, "game"), version).page(session)
    Seat.objects.filter(pk=seat.pk).update(session=None)
    return page


_seen: list[Seen] = []  # played once for all tests of this file; holds no rows


@pytest.fixture
def looks(db: None, tmp_path: Path) -> list[Seen]:
    """Every look at one whole group in each condition."""
    if not _seen:
        version = by_model(tmp_path / "studies")
        found: dict[str, list[Seen]] = {}
        while len(found) < 2:
            group = make_group(version, "game")
            found[group.condition] = list(played(group))
        _seen.extend(each for condition in found.values() for each in condition)
    return _seen


def test_every_step_and_role_is_looked_at_in_both_conditions(looks: list[Seen]) -> None:
    for condition in ("label=hidden", "label=disclosed"):
        places = {(each.path, each.role) for each in looks if each.condition == condition}
        assert places == {
            ("ask", "selector"), ("reply", "candidate"), ("decide", "selector"), ("decide", "candidate"),
            ("expect", "selector"), ("types", "selector"),
        }  # fmt: skip


def test_prompt_says_nothing_that_the_page_does_not_show(looks: list[Seen]) -> None:
    for each in looks:
        extra = words(each.user) - words(page_text(each.page)) - words(FRAME)
        assert extra == set(), f"{each.path} {each.role}: {extra}"


def test_frame_is_all_that_a_prompt_adds() -> None:
    fields = [
        Choice(name="x", required=False),
        Points(name="x", low=1, high=2),
        Text(name="x", max_chars=3, min_chars=2),
    ]
    assert words(prompts.user(Told("", View(), fields))) - {"x", "1", "2", "3"} == words(FRAME)


def test_prompt_names_no_condition_and_no_kind(looks: list[Seen]) -> None:
    for each in looks:
        own_words = each.user.casefold()
        for text in [card.text for card in each.view.cards] + [line.text for line in each.view.lines]:
            own_words = own_words.replace(text.casefold(), "") if text else own_words
        for word in NEVER:
            assert word not in each.system.casefold(), f"{each.path}: {word}"
            assert word not in own_words, f"{each.path}: {word}"


def test_prompt_holds_no_key_of_a_row_and_no_code(looks: list[Seen]) -> None:
    shape = re.compile(r"\b[gp][0-9a-z]{10}\b|turn:|study:|seat \d")
    assert not [each.user for each in looks if shape.search(each.user) or shape.search(each.system)]


def test_instructions_are_the_same_in_every_condition(looks: list[Seen]) -> None:
    assert len({each.system for each in looks}) == 1


def test_mark_of_the_instructions_stands_nowhere_else(looks: list[Seen]) -> None:
    found = re.search(prompts.MARK.format(canary="([0-9a-f]{12})"), looks[0].system)
    assert found is not None
    assert not [each for each in looks if found[1] in each.user or found[1] in page_text(each.page)]


def test_labels_are_in_the_prompt_only_where_the_page_shows_them(looks: list[Seen]) -> None:
    said = {c: " ".join(each.user for each in looks if each.condition == f"label={c}") for c in ("hidden", "disclosed")}
    for label in ("(AI)", "(Person)"):
        assert label not in said["hidden"]
        assert label in said["disclosed"]


def test_words_of_others_stand_in_the_users_role_only(looks: list[Seen]) -> None:
    texts: list[Any] = []
    for each in looks:
        for text in [card.text for card in each.view.cards if card.text]:
            texts.append(text)
            assert json.dumps(text, ensure_ascii=False) in each.user
    assert len(texts) > 10
    # The instructions are the same whatever others wrote: one text for each of the two personas.
    assert len({each.system for each in looks}) <= 2
