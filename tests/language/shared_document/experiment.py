"""Three members hold one clue each, write a document in three sections together, and name a suspect each."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from paradigm import Choice, Experiment, Option, Parameters, Place, Role, Seat, State, Table, Turn, View, setting
from paradigm.steps import Decision, Document, Talk

CLUES = {"f1": "not Ann", "f2": "not Bob", "f3": "Cem has no alibi"}
SECTIONS = ("facts", "reasons", "answer")
SUSPECTS = ("Ann", "Bob", "Cem")


class Settings(Parameters):
    quota: int = setting(2, "Edits that each member may make", unit="edits", ge=1, le=50)


def deal(seats: Sequence[Seat], parameters: Any, rng: Random) -> Mapping[int, Mapping[str, Any]]:
    del parameters
    ids = rng.sample(sorted(CLUES), k=len(CLUES))
    return {seat.number: {"id": ids[at % len(ids)], "clue": CLUES[ids[at % len(ids)]]} for at, seat in enumerate(seats)}


def view(place: Place, state: State) -> View:
    """One's own clue, and who has written what so far; the document itself is drawn by its channel."""
    edits = [(entry.seq, entry.facts["section"], entry.text) for entry in state.entries("draft")]
    tables = [Table("Versions", ("version", "section", "text"), edits)] if edits else []
    own = state.dealt(place.seat)
    return View(facts={"clue": own["clue"], "packet": own["id"]}, tables=tables)


def member(turn: Turn) -> Mapping[str, Any]:
    """Add one's clue to the facts, then point to the one whom no clue frees."""
    if turn.step == "answer":
        told = str(turn.view.tables) + str(turn.view.facts)
        return {"suspect": next(name for name in reversed(SUSPECTS) if f"not {name}" not in told).lower()}
    written = {part for table in turn.view.tables for row in table.rows for part in str(row[2]).split("; ")}
    text = "; ".join(sorted(written | {str(turn.view.facts["clue"])}))
    return {"entries": [{"kind": "edit", "text": text, "facts": {"section": "facts"}}]}


experiment = Experiment(
    name="shared_document",
    roles={"member": Role()},
    parameters=Settings,
    deal=deal,
    steps=[
        Talk("draft", Document(sections=SECTIONS, max_chars=1000), seconds=600, quota="quota"),
        Decision(
            "answer", by="member", fields=[Choice("suspect", options=[Option(name.lower(), name) for name in SUSPECTS])]
        ),
    ],
    payoff=lambda state: {seat: 10 * (act["suspect"] == "cem") for seat, act in state.acts("answer").items()},
    view=view,
    policies={"member": member},
)
