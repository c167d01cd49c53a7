"""Small explicit rows: a frozen study of one society, and a round of partner selection played in it."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bots.models import BotTurn, Memory
from chat.models import Conversation, Entry
from events.models import Event
from flow.models import Act, Award, Exposure, Match, Placing
from llm.models import Call
from matching.models import Group, Seat, Ticket
from measures.models import Answer, PageShown, ScaleDrawn
from paradigm import Card, Line, View
from participants.models import Consent, EntryLink, Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.models import Allocation, Slot, SourceFile, Study, Version, VersionFile
from tests.machinery.erasing import erasing

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUIZ = """
- {id: earn, type: points, label: "What does keeping earn?", high: "{{ pot }}", correct: "{{ endowment }}"}
"""
SURVEY = """
- {id: gender, type: choice, label: Your gender, options: [{value: woman, label: Woman}, {value: man, label: Man}]}
- {id: remarks, type: text, label: "Anything else?", required: false}
"""
SCALE = """
schema: scale/1
id: near
title: Closeness
language: en
citation: Written for tests.
is_validated: false
licence: {status: own}
anchors: {low: 1, high: 7, labels: {1: not at all, 7: very much}}
items: [{id: kind, text: The others were kind.}, {id: cold, text: The others were cold., reverse: true}]
scoring: {method: mean, least_answered: all}
"""
FILES = {"quiz.yaml": QUIZ, "survey.yaml": SURVEY, "scales/near.yaml": SCALE}
EXITS = {
    "completed": {"pay": "full"},
    "declined": {"pay": "none"},
    "failed_quiz": {"pay": "fixed", "amount": "0.50"},
    "no_group": {"pay": "fixed", "amount": "1.00"},
    "inactive": {"pay": "earned"},
    "left": {"pay": "earned"},
    "withdrawn": {"pay": "earned"},
}


def definition(slug: str) -> dict[str, Any]:
    """A whole study file, as frozen."""
    return {
        "schema": "study/1",
        "id": slug,
        "version": "1.0.0",
        "title": "Choosing",
        "public_title": "A decision task",
        "language": "en",
        "contact": {"name": "The team", "email": "team@example.org"},
        "told": {"ai_may_be_present": True, "share": "some", "who_knows": "nobody"},
        "factors": {"label": {"levels": ["hidden", "disclosed"], "note": "is the kind displayed?"}},
        "conditions": {"cross": ["label"]},
        "allocation": {"unit": "group", "block_sizes": [2], "at": "formation"},
        "groups": {
            "society": {
                "roles": {"selector": {"humans": 1}, "candidate": {"humans": 1, "ai": 1}},
                "partners": {"human": "person", "ai": "computer"},
                "fill": {"after_seconds": 8, "label_as": "person", "policies": ["fair"]},
            }
        },
        "partners": {
            "person": {"occupant": "person", "label": {"by": "label", "values": {"disclosed": "Person"}}},
            "computer": {
                "occupant": "policy",
                "policies": ["fair"],
                "label": {"by": "label", "values": {"disclosed": "AI"}},
                "asked_if_ai": "deflect",
            },
        },
        "scales": {"near": {"file": "scales/near.yaml"}},
        "waves": [{"id": "main", "stages": STAGES}],
        "exits": {name: {**pay, "page": "pages/exit.md"} for name, pay in EXITS.items()},
        "payments": {
            "currency": "GBP",
            "base": "4.00",
            "points": {"rate": "0.02", "max": "6.00"},
            "minimum_hourly": "6.00",
        },
        "estimated_minutes": 20,
        "sample": {"unit": "group", "target": 2},
        "exclusions": [{"id": "tries", "rule": "quiz_attempts > 1", "when": "pre_treatment", "note": "Did not read."}],
        "frozen": {"files": {name: _sha(text) for name, text in FILES.items()}, "seed_sha256": _sha("seed")},
    }


STAGES: list[dict[str, Any]] = [
    {
        "id": "consent",
        "kind": "consent",
        "document": "pages/consent.md",
        "ticks": [{"id": "take_part", "label": "I agree."}],
        "on_decline": {"exit": "declined"},
    },
    {"id": "quiz", "kind": "quiz", "items": "quiz.yaml", "on_fail": {"exit": "failed_quiz"}},
    {
        "id": "lobby",
        "kind": "waiting_room",
        "forms": "society",
        "page": "pages/waiting.md",
        "pay_per_minute": "0.10",
        "on_timeout": {"exit": "no_group"},
    },
    {
        "id": "game",
        "kind": "game",
        "experiment": "partner_selection",
        "pages": "pages/game",
        "parameters": {"rounds": 2, "endowment": 10, "multiplier": 3},
        "on_timeout": {"exit": "inactive"},
        "on_too_few": {"exit": "completed"},
    },
    {"id": "after", "kind": "survey", "items": "survey.yaml", "scales": ["near"]},
]
STAGE = {stage["id"]: index for index, stage in enumerate(STAGES)}


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_study(slug: str = "choosing", **facts: Any) -> Study:
    """A study with one frozen version and one slot."""
    study = Study.objects.create(slug=slug, title="Choosing", status="open", created_at=BEGAN, **facts)
    make_version(study)
    return study


def make_version(study: Study, number: int = 1, said: dict[str, Any] | None = None, **parameters: int) -> Version:
    """A frozen version, with other parameters where given."""
    said = json.loads(json.dumps(said or definition(study.slug)))
    said["waves"][0]["stages"][STAGE["game"]]["parameters"].update(parameters)
    digest = _sha(json.dumps(said, sort_keys=True))
    version = Version.objects.create(study=study, number=number, definition=said, sha256=digest, seed="s" * 32)
    for path, text in FILES.items():
        source, _ = SourceFile.objects.get_or_create(sha256=_sha(text), defaults={"text": text})
        VersionFile.objects.create(version=version, path=path, file=source)
    return version


def with_parameters(said: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """A study file with other parameters of its game."""
    said = json.loads(json.dumps(said))
    said["waves"][0]["stages"][STAGE["game"]]["parameters"].update(parameters)
    return said


def make_participant(study: Study, code: str, **facts: Any) -> Participant:
    """A person with consent and a session at the game."""
    version = study.versions.latest("number")
    facts = {"origin": "demo", "token_sha256": _sha(f"token of {code}"), "created_at": BEGAN, **facts}
    person = Participant.objects.create(study=study, version=version, code=code, **facts)
    Consent.objects.create(
        participant=person, version=version, document="pages/consent.md", document_sha256=_sha("consent"),
        language="en", agreed=True, ticks={"take_part": True},
    )  # fmt: skip
    Session.objects.create(
        participant=person, wave="main", stage=STAGE["game"], started_at=BEGAN, stage_opened_at=BEGAN
    )
    EntryLink.objects.create(study=study, participant=person, token_sha256=_sha(f"link of {code}"))
    return person


def make_ticket(person: Participant, *, waited_seconds: int) -> Ticket:
    """A person who waited and was seated."""
    session = person.sessions.get()
    return Ticket.objects.create(
        session=session, version=person.version, stage="lobby", status="seated", waited_seconds=waited_seconds
    )


def make_settlement(person: Participant, **amounts: Any) -> Settlement:
    """What a person is owed."""
    return Settlement.objects.create(participant=person, exit=person.exit, code="C0DE", currency="GBP", **amounts)


def make_award(society: "Society", match: Match, **facts: Any) -> Award:
    """What the selector said it expected of A in a match is drawn, and wins."""
    said, truth = 11, 12
    facts = {"tickets": 900, "ticket": 7, "prize": 20, "points": 20, **facts}
    return Award.objects.create(
        seat=society.seats["selector"], match=match, path="expect", field="expected@A", what="return",
        said=said, truth=truth, chances=facts["tickets"] - (said - truth) ** 2, **facts,
    )  # fmt: skip


def make_call(turn: BotTurn, **facts: Any) -> Call:
    """A model asked for one turn."""
    usual = {
        "scope": f"study:{turn.match.group.version.study_id}/turn:{turn.pk}:0", "attempt": 1, "outcome": "ok",
        "model_requested": "scripted/fair", "model_served": "fair-1",
    }  # fmt: skip
    return Call.objects.create(
        prompt=["never exported"], prompt_sha256=_sha("prompt"), output="never exported", tokens_in=100, tokens_out=9,
        latency_ms=850, at=BEGAN, seed=5, finish_reason="stop", request_id="req-5", system_fingerprint="fp-5",
        price={"input_cost_per_token": 1e-07}, **usual | facts,
    )  # fmt: skip


def make_answer(person: Participant, stage: str, item: str, value: Any, **facts: Any) -> Answer:
    """An answer given ten seconds after the start."""
    return Answer.objects.create(
        session=person.sessions.get(), stage=stage, item=item, position=1, value=value,
        at=BEGAN + timedelta(seconds=10), **facts,
    )  # fmt: skip


def make_scale(person: Participant, **picked: int) -> ScaleDrawn:
    """The scale of the survey, asked as it stands in its file, and the points that were picked."""
    for item, point in picked.items():
        make_answer(person, "after", f"near.{item}", point)
    session = person.sessions.get()
    return ScaleDrawn.objects.create(session=session, stage="after", scale="near", shown=["kind", "cold"], at=BEGAN)


def make_page(person: Participant, stage: str, *, rev: int = 1, **facts: Any) -> PageShown:
    """A page that somebody came to five seconds after the start."""
    return PageShown.objects.create(
        session=person.sessions.get(), version=person.version, stage=stage, rev=rev, facts=facts, sha256=_sha(stage),
        at=BEGAN + timedelta(seconds=5),
    )  # fmt: skip


def record(study: Study, kind: str, subject: tuple[str, int], **facts: Any) -> Event:
    """An event half a minute after the start."""
    return Event.objects.create(
        kind=kind, study_id=study.pk, subject_kind=subject[0], subject_id=subject[1], facts=facts,
        at=BEGAN + timedelta(seconds=30),
    )  # fmt: skip


@dataclass
class Society:
    """A group of a selector and two candidates, the second an AI."""

    study: Study
    selector: Participant
    candidate: Participant
    group: Group
    seats: dict[str, Seat] = field(default_factory=dict)  # by what the test calls them: selector, person, computer

    def play(self, *, number: int, choice: str | None, returned: int = 12, words: str = "I am fair.") -> Match:
        """One match: both candidates reply, then all decide. Without a choice the match is void."""
        match = Match.objects.create(
            group=self.group, round=number, number=1, status="complete" if choice else "void",
            void_path="" if choice else "decide", opened_at=BEGAN + timedelta(minutes=number),
            closed_at=BEGAN + timedelta(minutes=number, seconds=90),
        )  # fmt: skip
        for position, name in (("Chooser", "selector"), ("A", "person"), ("B", "computer")):
            Placing.objects.create(
                match=match, seat=self.seats[name], position=position, points=self._points(position, choice, returned)
            )
        self._tell(match, words)
        self._act(match, "ask", "selector", {"question": "Will you share?"})
        self._act(match, "reply", "person", {"message": words})
        self._act(match, "reply", "computer", {"message": "=SUM(A1)"})
        self._act(match, "decide", "person", {"returned": returned})
        self._act(match, "decide", "computer", {"returned": 18})
        if choice:
            self._act(match, "decide", "selector", {"choice": choice})
            self._act(match, "expect", "selector", {"expected@A": 11, "expected@B": 15})
        else:
            self._act(match, "decide", "selector", {}, source="timeout", latency_ms=None)
            facts = {"match": match.pk, "path": "decide", "missing": 1}
            record(self.study, "match.voided", ("group", self.group.pk), **facts)
        return match

    def rest(self, name: str, *, number: int) -> Match:
        """A match of two minutes that one seat sits out and in which nothing is done yet."""
        opened_at = BEGAN + timedelta(minutes=number)
        match = Match.objects.create(group=self.group, round=number, number=1, path="ask", opened_at=opened_at)
        for position, (other, seat) in enumerate(self.seats.items(), start=1):
            if other != name:
                Placing.objects.create(match=match, seat=seat, position=str(position))
        return match

    @staticmethod
    def _points(position: str, choice: str | None, returned: int) -> int:
        back = {"A": returned, "B": 18}.get(choice or "", 0)
        if choice is None:
            return 10
        if position == "Chooser":
            return 10 if choice == "keep" else back
        return 30 - back if position == choice else 0

    def _tell(self, match: Match, words: str) -> None:
        cards = [Card("A", self.seats["person"].label, words), Card("B", self.seats["computer"].label, "=SUM(A1)")]
        for seat in self.seats.values():
            view = View(page="decide", cards=cards, lines=[Line("Chooser", "Will you share?")]).as_json()
            sha = _sha(json.dumps(view, sort_keys=True))
            Exposure.objects.create(match=match, path="decide", seat=seat, view=view, sha256=sha, at=match.opened_at)

    def _act(self, match: Match, path: str, name: str, values: dict[str, Any], **facts: Any) -> None:
        seat = self.seats[name]
        facts = {"source": "policy" if seat.occupant == "policy" else "person", "latency_ms": 4210, **facts}
        at = match.opened_at + timedelta(seconds=20)
        Act.objects.create(match=match, path=path, seat=seat, values=values, at=at, **facts)
        if seat.occupant == "policy":
            BotTurn.objects.create(
                match=match,
                path=path,
                seat=seat,
                planned_at=at,
                delivered_at=at,
                outcome="delivered",
                created_at=match.opened_at,
            )

    def miss(
        self, match: Match, path: str, name: str, *, asked: list[str], values: dict[str, Any] | None = None
    ) -> None:
        """What a seat did at a step did not come, though it was asked for: fields by key, and what stands for them."""
        view = View(page=path).as_json() | {"asked": asked}
        with erasing():
            Exposure.objects.update_or_create(
                match=match, path=path, seat=self.seats[name], defaults={"view": view, "sha256": _sha(path)}
            )
            acts = Act.objects.filter(match=match, path=path, seat=self.seats[name])
            acts.update(values=values or {}, source="timeout", latency_ms=None)

    def talk(self, match: Match, name: str, text: str) -> Entry:
        """Something said in a talk of the match."""
        talk, _ = Conversation.objects.get_or_create(match=match, path="talk", defaults={"channel": "chat"})
        talk.last_seq += 1
        talk.save()
        return Entry.objects.create(
            conversation=talk, seq=talk.last_seq, seat=self.seats[name], kind="message", text=text,
            key=f"k{talk.last_seq}", at=BEGAN + timedelta(minutes=3),
        )  # fmt: skip


def make_memory(said: Entry) -> Memory:
    """What a partner noted of something that a person said."""
    assert said.seat.participant is not None
    return Memory.objects.create(
        participant=said.seat.participant, partner="computer", kind="facts", version=1, conversation=said.conversation,
        text=said.text, sources=[[said.pk]], made_by="scripted/facts-1", sha256=_sha(said.text),
        at=BEGAN + timedelta(minutes=4),
    )  # fmt: skip


def make_society(study: Study, code: str = "gabcdefghjk", *, condition: str = "label=disclosed") -> Society:
    """A group of two people and one AI, allocated and formed, with no match yet."""
    version = study.versions.latest("number")
    selector, candidate = (make_participant(study, f"p{code[1:-2]}{letter}x") for letter in "st")
    group = Group.objects.create(
        version=version, code=code, stage="game", condition=condition, origin="demo", rounds=2, round=1, formed_at=BEGAN
    )
    number = Slot.objects.filter(version=version).count() + 1
    slot = Slot.objects.create(
        version=version, number=number, block=1, condition=condition, holder_kind="group", holder_id=group.pk
    )
    Allocation.objects.create(slot=slot, unit="group", unit_id=group.pk, act="taken", at=BEGAN)
    is_shown = condition == "label=disclosed"
    human = {"kind": "human", "occupant": "person", "partner": "person", "label": "Person" if is_shown else ""}
    computer = {
        "kind": "ai",
        "occupant": "policy",
        "partner": "computer",
        "policy": "fair",
        "label": "AI" if is_shown else "",
    }
    plan = [
        ("selector", 1, "selector", human, selector),
        ("person", 2, "candidate", human, candidate),
        ("computer", 3, "candidate", computer, None),
    ]
    society = Society(study, selector, candidate, group)
    for name, place, role, facts, person in plan:
        session = person.sessions.get() if person else None
        society.seats[name] = Seat.objects.create(
            group=group, number=place, role=role, participant=person, session=session, **facts
        )
    return society
