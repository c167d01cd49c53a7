"""What models said in groups without people, and what was done there, as one file: to play a study again without them.

Only of groups in which nobody sat: the file holds the models' words, and no person's. Of what models were told it has
hashes. The first line says of which version it is; each further line is one group.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from bots import scopes
from bots.errors import BotsError
from bots.models import BotTurn
from bots.order import Move, Script
from chat.models import Conversation, Entry
from flow.models import Act
from llm.models import Call
from llm.providers.recorded import Recorded
from llm.services import shape_of
from matching.models import Group
from participants.private_file import OWN_FILE
from studies.giving import ordered_levels
from studies.models import Version

FORMAT = "rapport-recording/1"
AGAIN = ("retry", "fallback")
"""How the part of a key begins that says that a turn was tried again: `bots.failing`."""
NEVER_ANSWERED = (Call.Outcome.OPEN, Call.Outcome.SUPERSEDED)

Talk = tuple[str, int, int, str]
"""A conversation: code of the group, round, number of the match, path."""
Course = Mapping[str, Any]
"""What was done in a group: its stage, its condition, its end, its acts and its entries."""


@dataclass(frozen=True)
class Recording:
    """Of one version.

    Attributes:
        sha256: Of the version: of the study file, its texts and its seed.
        courses: Code of a group → what was done in it, in the order in which the groups were made.
        scripts: Group, round, match and path of a conversation → who spoke when in it.
    """

    study: str
    version: int
    sha256: str
    courses: Mapping[str, Course]
    scripts: Mapping[Talk, Script]
    calls: Sequence[Recorded]

    @property
    def codes(self) -> list[str]:
        """Of its groups, in the order in which they were made."""
        return list(self.courses)


def place_of(scope: str) -> str:
    """What a call was made for, in words that hold in any installation: group, round, match, step, seat, which act.

    Raises:
        BotsError: "recording_place": the call was for no turn.
    """
    found = scopes.read(scope)
    is_turn = found is not None and found.what == scopes.TURN
    turn = BotTurn.objects.select_related("match__group", "seat").filter(pk=found.number).first() if found else None
    if found is None or turn is None or not is_turn:
        raise BotsError("recording_place", f"{scope} names no turn of a seat")
    return f"{_place(turn)}:{found.rest}"


def _place(turn: BotTurn) -> str:
    match = turn.match
    return f"{match.group.code}/{match.round}/{match.number}/{turn.path}/{turn.seat.number}"


def course_of(group: Group) -> Course:
    """What was done in a group, in the order of its places, of conversations in the order of their lines."""
    acts = Act.objects.filter(match__group=group).order_by(
        "match__round", "match__number", "path", "seat__number", "pk"
    )
    entries = Entry.objects.filter(conversation__match__group=group).order_by(
        "conversation__match__round", "conversation__match__number", "conversation__path", "seq"
    )
    done = acts.values_list("match__round", "match__number", "path", "seat__number", "values", "source")
    said = entries.values_list(
        "conversation__match__round", "conversation__match__number", "conversation__path", "seq", "seat__number",
        "kind", "text", "facts",
    )  # fmt: skip
    course = {
        "stage": group.stage,
        "condition": group.condition,
        "ordered": ordered_levels(group),
        "topic": group.topic,
        "status": group.status,
        "acts": [list(one) for one in done],
        "entries": [list(one) for one in said],
    }
    plain: Course = json.loads(json.dumps(course))  # as it comes back from a file
    return plain


def write(version: Version, out: Path) -> tuple[int, int]:
    """Write the recording of a version's groups without people that are over; return how many groups and calls.

    Only its owner can read the file: it holds conditions and outcomes, and what models said.

    Raises:
        BotsError: "recording_empty", "recording_purged". Nothing is written.
    """
    groups = list(_over(version))
    if not groups:
        raise BotsError("recording_empty", f"{version} has no group without people that is over: use `study run` first")
    asked = _Asked(version)
    head = {"format": FORMAT, "study": version.study.slug, "version": version.number, "sha256": version.sha256}
    text = f"{_line(head)}\n"
    for group in groups:
        calls, talks = asked.calls.get(group.pk, []), _talks(group, asked)
        text += f"{_line({'group': group.code, **course_of(group), 'talks': talks, 'calls': calls})}\n"
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWN_FILE), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), OWN_FILE)  # one that was there before is closed, too
        file.write(text)
    return len(groups), sum(len(asked.calls.get(group.pk, ())) for group in groups)


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _over(version: Version) -> Iterable[Group]:
    groups = Group.objects.filter(version=version, origin=Group.Origin.RUN)
    return groups.exclude(status=Group.Status.ACTIVE).order_by("pk")


class _Asked:
    """The calls of a version's groups, in the order in which they were made, and when each turn first asked."""

    def __init__(self, version: Version) -> None:
        self.calls: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        self.first: dict[tuple[int, str, int, int], dict[str, datetime]] = defaultdict(dict)
        """Of a match, path, seat and how many entries that had made → each time that it was tried, and when."""
        turns = BotTurn.objects.filter(match__group__in=_over(version)).select_related("match__group", "seat")
        known = {turn.pk: turn for turn in turns}
        here = Call.objects.filter(scope__startswith=scopes.turns_of_study(version.study_id))
        rows = here.exclude(outcome__in=NEVER_ANSWERED)
        for call in rows.order_by("pk").iterator(chunk_size=500):
            named = scopes.read(call.scope)
            turn = known.get(named.number) if named and named.what == scopes.TURN else None
            if named and turn:
                self.calls[turn.match.group_id].append(asdict(_recorded(call, f"{_place(turn)}:{named.rest}")))
                made, *rest = named.rest.split("/")
                again = rest[0] if rest and rest[0].startswith(AGAIN) else ""
                self.first[turn.match_id, turn.path, turn.seat.number, int(made)].setdefault(again, call.at)

    def heard(self, talk: Conversation, seat: int, made: int, entries: Sequence[Entry]) -> list[int]:
        """How many entries there were each time that a turn asked; [] where it asked no model."""
        tried = sorted(self.first.get((talk.match_id, talk.path, seat, made), {}).values())
        return [sum(entry.at < at for entry in entries) for at in tried]


def _talks(group: Group, asked: _Asked) -> list[Mapping[str, Any]]:
    found = Conversation.objects.filter(match__group=group).select_related("match").order_by("match__round", "pk")
    return [
        {"round": talk.match.round, "number": talk.match.number, "path": talk.path, **_order(_script(talk, asked))}
        for talk in found
    ]


def _order(script: Script) -> Mapping[str, Any]:
    others = [[seat, made, list(heard)] for (seat, made), heard in script.others.items()]
    return {"moves": [asdict(move) for move in script.moves], "others": others}


def _script(talk: Conversation, asked: _Asked) -> Script:
    """Who spoke when in a conversation. The key of an entry and of an act names the turn, and how many were before."""
    entries = list(talk.entries.order_by("seq").select_related("seat"))
    acts = Act.objects.filter(match=talk.match_id, path=talk.path).exclude(key="").select_related("seat")
    begun: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        begun[entry.key.partition("/")[0]].append(entry)
    moves: list[tuple[datetime, int, Move]] = []
    for key, own in begun.items():
        made = int(key.rpartition(":")[2])
        before = [one.seq for one in entries if one.seat_id == own[0].seat_id and one.seq < own[0].seq]
        heard, seat = max([own[0].answers or 0, *before]), own[0].seat.number
        earlier = asked.heard(talk, seat, made, entries)[:-1]
        moves.append((own[0].at, own[0].seq, Move(seat, made, heard, len(own), earlier)))
    for act in acts:
        if act.key not in begun:  # it was only said to be ready
            made = int(act.key.rpartition(":")[2])
            looked = asked.heard(talk, act.seat.number, made, entries) or [sum(one.at < act.at for one in entries)]
            before = [one.seq for one in entries if one.seat_id == act.seat_id]
            moves.append((act.at, 0, Move(act.seat.number, made, max([looked[-1], *before]), 0, looked[:-1])))
    moves.sort(key=lambda one: one[:2])
    made_by = {move.turn for _, _, move in moves}
    others = {
        (seat, made): asked.heard(talk, seat, made, entries)
        for match, path, seat, made in asked.first
        if (match, path) == (talk.match_id, talk.path) and (seat, made) not in made_by
    }
    return Script([move for _, _, move in moves], others)


def _recorded(call: Call, place: str) -> Recorded:
    if not all(isinstance(message, dict) for message in call.prompt):
        raise BotsError(
            "recording_purged", f"what was asked at {place} has been deleted: nothing can be compared to it"
        )
    return Recorded(
        place=place,
        model=call.model_requested,
        parameters=call.parameters,
        schema_sha256=call.schema_sha256,
        messages=[shape_of(message) for message in call.prompt],
        outcome=call.outcome,
        error=call.error,
        has_reply=bool(call.model_served or call.output or call.finish_reason or call.tokens_out is not None),
        output=call.output,
        model_served=call.model_served,
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        latency_ms=call.latency_ms or 0,
        finish_reason=call.finish_reason,
        request_id=call.request_id,
        system_fingerprint=call.system_fingerprint,
    )


def read(file: Path) -> Recording:
    """The recording in a file.

    Raises:
        BotsError: "recording_unreadable", with the line.
    """
    courses: dict[str, Course] = {}
    calls: list[Recorded] = []
    scripts: dict[Talk, Script] = {}
    head: Mapping[str, Any] = {}
    number = 0
    try:
        for line in file.read_text(encoding="utf-8").rstrip("\n").split("\n"):  # words may hold other breaks of lines
            number += 1
            row = json.loads(line)
            if number == 1:
                head = _head(row)
            else:
                code = row.pop("group")
                calls += list(_calls_of(row.pop("calls")))
                scripts |= dict(_scripts_of(code, row.pop("talks")))
                courses[code] = row
        return Recording(head["study"], head["version"], head["sha256"], courses, scripts, calls)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        text = f"{file}, line {number}, is not as `study recording` writes it: write it again"
        raise BotsError("recording_unreadable", text) from error


def _head(row: Mapping[str, Any]) -> Mapping[str, Any]:
    if row["format"] != FORMAT:
        raise ValueError(row["format"])
    return row


def _calls_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[Recorded]:
    names = {field.name for field in fields(Recorded)}
    for row in rows:
        yield Recorded(**{name: row[name] for name in names})


def _scripts_of(code: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Talk, Script]]:
    for row in rows:
        others = {(seat, made): heard for seat, made, heard in row["others"]}
        yield (code, row["round"], row["number"], row["path"]), Script([Move(**one) for one in row["moves"]], others)


def differences(recording: Recording) -> Iterator[str]:
    """Where what was done in the groups that are here differs from what was recorded: group, place, never the words."""
    for group in Group.objects.filter(code__in=recording.codes).order_by("pk"):
        then, now = recording.courses[group.code], course_of(group)
        for what in ("condition", "topic", "status"):
            if then[what] != now[what]:
                yield f"{group.code}: {what} {now[what] or 'none'}, then {then[what] or 'none'}"
        for what in ("acts", "entries"):
            yield from (f"{group.code}: {one}" for one in _unlike(what, then[what], now[what]))


def _unlike(what: str, then: list[list[Any]], now: list[list[Any]]) -> Iterator[str]:
    if len(then) != len(now):
        yield f"{len(now)} {what}, then {len(then)}"
    for before, after in zip(then, now, strict=False):
        if before != after:
            yield f"{what}: round {after[0]}, match {after[1]}, {after[2]}, seat or line {after[3]} differs"
