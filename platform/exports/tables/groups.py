"""Groups, their seats, their matches, and who sat where in them."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from django.db.models import F

from bots.private import facts_in, held, said_in
from exports import keys
from exports.columns import FROM_BOTH, GONE, IN_PROGRESS, WITHDRAWN, Column, Row, Table
from exports.scope import Scope, seconds
from exports.society import Society, societies
from flow.models import Act, Match
from matching.lasting import NAMED
from matching.models import Group, Seat
from matching.pools import CHOICE, MODEL, NUMBERS, PLACE
from matching.seating import KNOWN
from studies import definition
from studies.models import levels_of
from studies.schema_stages import GameStage
from studies.varied import under, varied

GROUP_COLUMNS = [
    keys.GROUP,
    keys.VERSION,
    Column("stage", "The game stage, as named in the study file."),
    Column(
        "condition",
        "Levels of the factors.",
        allowed="factor=level, joined by commas",
        missing="nothing is manipulated",
    ),
    Column(
        "parameters", "Parameters of the game that a factor decides, with the values that held in the group.", "json",
        missing="no factor decides any",
    ),
    Column("topic", "What its talks were about, in the words that people read.", missing="the game has no topics"),
    replace(keys.PAIR, missing="its people are no pair that lasts"),
    Column("origin", "How the group was made.", allowed="|".join(Group.Origin.values)),
    Column("status", "Whether all rounds were played.", allowed="|".join(Group.Status.values)),
    Column("end_reason", "Why the group ended before its last round.", missing="it did not end early"),
    Column(
        "is_filled", "1 if a seat meant for a person was filled by an automated stand-in: analyse apart.", "boolean"
    ),
    Column("has_withdrawn", "1 if somebody in the group asked that their data be deleted.", "boolean"),
    Column("seats", "How many seats the group has.", "integer", "seats"),
    Column("people", "How many of them were people when the group was formed.", "integer", "seats"),
    Column("rounds_planned", "How many rounds the group was to play.", "integer", "rounds"),
    Column("rounds_begun", "The last round that began.", "integer", "rounds", "0 if none"),
    keys.STUDY_DAY,
    Column("duration_s", "From forming to the end.", "number", "s", missing=IN_PROGRESS),
]  # fmt: skip

SEAT_COLUMNS = [
    keys.SEAT,
    keys.GROUP,
    Column("number", "Seat number in the group, in random order.", "integer"),
    keys.ROLE,
    keys.KIND,
    Column("occupant", "Who filled the seat.", allowed="person|policy|model|…"),
    Column("partner", "Entry under `partners` in the study file.", missing="the study file names none"),
    Column("policy", "Policy or persona drawn for the seat.", missing="a person, or none"),
    Column(
        "policy_numbers", "The numbers that its policy was given, those drawn for the seat among them.", "json",
        missing="it was given none, or no policy decides for it",
    ),
    Column(
        "pool_place", "Where in the sequence of its pool it was drawn, from 0: of the study's groups where the pool is "
        "balanced, of its group where it draws without replacement.", "integer", missing="it was drawn from no pool",
    ),
    Column(
        "model", "The language model of the seat, as the study file names it; what answered stands in `calls`.",
        missing="no language model sits there",
    ),
    Column(
        "model_choice", "Of several models which: the level that decided, or its name in the draw.",
        missing="its partner has but one, or no language model sits there",
    ),
    Column(
        "facts_known", "Which of the facts that were dealt in its group it was told from the beginning: the page and "
        "the prompt of each step are held against it.", allowed="own|all|nothing", missing="no facts were dealt",
    ),
    Column("facts", "The facts that were dealt to it, by id.", "json", missing="none were"),
    Column(
        "facts_told", "Ids of its facts that somebody in the group wrote word for word; told in other words they are "
        "not found.", "json", missing="it was dealt none, or somebody in the group withdrew",
    ),
    Column("display_name", "The name that its person read, beside its label.", missing="it has none of its own"),
    Column(
        "label", "What it was called in all matches, for those who are shown labels.",
        missing="nothing, or it was drawn for each match: see `match_label` in placings",
    ),
    keys.KNOWS_LABELS,
    keys.ASKED_IF_AI,
    Column("is_stand_in", "1 if automated where the condition wants a person.", "boolean"),
    Column("status", "Whether the seat was still taken at the end.", allowed="|".join(Seat.Status.values)),
    keys.IS_WITHDRAWN,
    keys.OCCUPANT_PARTICIPANT,
    replace(keys.WAVE, missing=keys.OCCUPANT_PARTICIPANT.missing),
    replace(keys.REPEAT, missing=keys.OCCUPANT_PARTICIPANT.missing),
]  # fmt: skip

ROUND_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    Column("number", "Number of the match in the round.", "integer"),
    Column("status", "What became of the match.", allowed="|".join(Match.Status.values)),
    keys.IS_VOID,
    Column("void_step", "The step at which it was voided.", missing="it was not"),
    Column(
        "void_reason",
        "Why it was voided: somebody who sat there did not act in time; only people who had left were waited for; "
        "the group ended.",
        allowed="timeout|left|ended",
        missing="it was not",
    ),
    Column(
        "condition", "Levels of the factors that held in the match: the group's, the round's and the pair's.",
        allowed="factor=level, joined by commas", missing="nothing is manipulated",
    ),
    Column("topic", "What its talks were about, in the words that people read.", missing="the game has no topics"),
    Column("seats", "How many met.", "integer", "seats"),
    Column("people", "How many people still sat in the group when the match began.", "integer", "seats"),
    Column("has_withdrawn", "1 if somebody in it asked that their data be deleted.", "boolean"),
    Column("extra_s", "Time added to each of its steps, as the study file gives to the first round.", "integer", "s"),
    Column("edges", "Who is linked with whom, by position.", "json", missing="the match is no graph"),
    keys.since_group("opened_s", "When the match began"),
    keys.CLOSED_S,
]  # fmt: skip

PLACING_COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.ROLE,
    keys.POSITION,
    keys.KIND,
    Column(
        "match_label", "What it was called in this match, for those who are shown labels.",
        missing="it was called nothing",
    ),
    keys.KNOWS_LABELS,
    Column(
        "own_levels", "Levels of the factors that the person was given one by one.",
        allowed="factor=level, joined by commas", missing=f"there are none, or no person sits there, or {WITHDRAWN}",
    ),
    Column(
        "points", "What the seat earned in the match.", "integer", "points",
        missing=f"{IN_PROGRESS}, {WITHDRAWN}, or somebody in the match did and it counted: see `missing_reason`",
    ),
    keys.IS_VOID,
    Column(
        "waited_s", "How long the seat waited after the match: until the next round, the group's end, or its own.",
        "number", "s", "0 or more", f"{IN_PROGRESS}, the seat had been left, or {WITHDRAWN}",
    ),
    keys.IS_WITHDRAWN,
    keys.MISSING_REASON,
]  # fmt: skip

REST_COLUMNS = [
    keys.GROUP,
    keys.ROUND,
    keys.SEAT,
    keys.OCCUPANT_PARTICIPANT,
    keys.ROLE,
    Column(
        "waited_s", "From the opening of the round that the seat sat out to the next round, the group's end, or its "
        "own.", "number", "s", "0 or more", f"{IN_PROGRESS}, or {WITHDRAWN}",
    ),
    keys.IS_WITHDRAWN,
    keys.MISSING_REASON,
]  # fmt: skip


def _groups(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        group, seats = society.group, society.seats.values()
        yield {
            "group": group.code,
            "version": group.version.number,
            "stage": group.stage,
            "condition": group.condition,
            "parameters": _decided(group) or None,
            "topic": group.topic or None,
            "pair": group.pair.code if group.pair else None,
            "origin": group.origin,
            "status": group.status,
            "end_reason": group.end_reason,
            "is_filled": group.is_filled,
            "has_withdrawn": bool(society.withdrawn),
            "seats": len(seats),
            "people": sum(seat.occupant == "person" for seat in seats),
            "rounds_planned": group.rounds,
            "rounds_begun": group.round,
            "study_day": scope.day(group.formed_at),
            "duration_s": seconds(group.ended_at, group.formed_at),
        }


def _decided(group: Group) -> dict[str, object]:
    said = definition.game(group.version, group.stage).parameters
    values = under(said, levels_of(group.condition))
    return {name: values[name] for name in varied(said)}


def _seats(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        said = _said(society)
        for pk, seat in society.seats.items():
            visit = None if pk in society.withdrawn else seat.session
            facts = facts_in(seat.dealt)
            yield {
                "seat": society.seat(pk),
                "group": society.group.code,
                "number": seat.number,
                "role": seat.role,
                "kind": seat.kind,
                "occupant": seat.occupant,
                "partner": seat.partner,
                "policy": seat.policy,
                "policy_numbers": seat.settings.get(NUMBERS) or None,
                "pool_place": seat.settings.get(PLACE),
                "model": seat.settings.get(MODEL, {}).get("name"),
                "model_choice": seat.settings.get(CHOICE),
                "facts_known": seat.settings.get(KNOWN),
                "facts": facts or None,
                "facts_told": held(said, facts) if facts and not society.withdrawn else None,
                "display_name": seat.settings.get(NAMED),
                "label": seat.label,
                "knows_labels": seat.knows,
                "asked_if_ai": society.asked_if_ai(pk),
                "is_stand_in": seat.is_stand_in,
                "status": seat.status,
                "is_withdrawn": pk in society.withdrawn,
                "participant": society.participant(pk),
                "wave": visit.wave if visit else None,
                "repeat": visit.repeat if visit else None,
            }


def _said(society: Society) -> str:
    """All that was written in a group to which facts were dealt."""
    has_facts = any(facts_in(seat.dealt) for seat in society.seats.values())
    return "\n".join(said_in(society.group)) if has_facts else ""


def _rounds(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        late = _late(society)
        for match in society.matches.values():
            yield _round(society, match, late.get(match.pk, frozenset()))


def _late(society: Society) -> Mapping[int, Set[int]]:
    """The seats whose missing act made a match void, by match."""
    missed = Act.objects.filter(match__group=society.group, source=Act.Source.TIMEOUT, path=F("match__void_path"))
    found: dict[int, set[int]] = {}
    for match, seat in missed.values_list("match", "seat"):
        found.setdefault(match, set()).add(seat)
    return found


def _void_reason(society: Society, match: Match, late: Set[int]) -> str | None:
    if match.status != Match.Status.VOID:
        return None
    if match.pk not in society.course.voided:
        return "ended"
    had_left = [society.course.had_left(society.seats[seat].number, match=match.pk) for seat in late]
    return "left" if had_left and all(had_left) else "timeout"


def _round(society: Society, match: Match, late: Set[int]) -> Row:
    inside = society.inside(match.pk)
    return {
        "match": society.match(match),
        "group": society.group.code,
        "round": match.round,
        "number": match.number,
        "status": match.status,
        "is_void": match.status == Match.Status.VOID,
        "void_step": match.void_path,
        "void_reason": _void_reason(society, match, late),
        "condition": match.condition or society.group.condition,
        "topic": society.group.topic or None,
        "seats": len(inside),
        "people": sum(
            seat.occupant == "person" and society.is_here(pk, match.opened_at) for pk, seat in society.seats.items()
        ),
        "has_withdrawn": society.has_withdrawn(match.pk),
        "extra_s": _extra_seconds(society, match),
        "edges": match.edges or None,
        "opened_s": seconds(match.opened_at, society.group.formed_at),
        "closed_s": seconds(match.closed_at, society.group.formed_at),
    }


def _extra_seconds(society: Society, match: Match) -> int:
    config = definition.stage_named(society.group.version, society.group.stage)
    return config.first_round_extra_seconds if isinstance(config, GameStage) and match.round == 1 else 0


def placing_row(society: Society, match: Match, position: str) -> Row:
    """One seat's place in one match."""
    placing = society.placings[match.pk][position]
    seat = society.seats[placing.seat_id]
    is_gone = placing.seat_id in society.withdrawn
    # Points of a void match are declared, not worked out from what anybody did.
    is_of_both = not is_gone and match.status == Match.Status.COMPLETE and society.has_withdrawn(match.pk)
    until = None
    if match.closed_at is not None and not is_gone:
        until = society.idle_until(match.round, seat=placing.seat_id, since=match.closed_at)
    return {
        "match": society.match(match),
        "group": society.group.code,
        "round": match.round,
        "seat": society.seat(placing.seat_id),
        "participant": society.participant(placing.seat_id),
        "role": seat.role,
        "position": position,
        "kind": seat.kind,
        "match_label": society.label(match.pk, position),
        "knows_labels": seat.knows,
        "own_levels": None if is_gone else placing.condition,
        "points": None if is_gone or is_of_both else placing.points,
        "is_void": match.status == Match.Status.VOID,
        "waited_s": seconds(until, match.closed_at),
        "is_withdrawn": is_gone,
        "missing_reason": GONE if is_gone else FROM_BOTH if is_of_both else None,
    }


def _placings(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        for match in society.matches.values():
            for position in society.placings.get(match.pk, {}):
                yield placing_row(society, match, position)


def _rests(scope: Scope) -> Iterator[Row]:
    for society in societies(scope):
        rounds_of = _rounds_of(society)
        for number, opened_at in society.openings.items():
            for pk in society.seats:
                if number not in rounds_of.get(pk, ()) and _is_seated(society, pk, number, rounds_of.get(pk, set())):
                    until = society.idle_until(number, seat=pk, since=opened_at)
                    yield _rest(society, number, pk, seconds(until, opened_at))


def _rounds_of(society: Society) -> Mapping[int, Set[int]]:
    """The rounds in which each seat met others."""
    found: dict[int, set[int]] = {}
    for match in society.matches.values():
        for placing in society.placings.get(match.pk, {}).values():
            found.setdefault(placing.seat_id, set()).add(match.round)
    return found


def _is_seated(society: Society, seat: int, number: int, played: Set[int]) -> bool:
    """Whether a seat was there in a round. A stand-in may have come later: it counts from its first match."""
    if society.seats[seat].is_stand_in and number < min(played, default=number + 1):
        return False
    return society.is_here(seat, society.openings[number])


def _rest(society: Society, number: int, seat: int, waited_s: str) -> Row:
    is_gone = seat in society.withdrawn
    return {
        "group": society.group.code,
        "round": number,
        "seat": society.seat(seat),
        "participant": society.participant(seat),
        "role": society.seats[seat].role,
        "waited_s": None if is_gone else waited_s,
        "is_withdrawn": is_gone,
        "missing_reason": GONE if is_gone else None,
    }


GROUPS = Table("groups", "Each group and how it ended", GROUP_COLUMNS, _groups)
SEATS = Table("seats", "Each seat: what it was, and what it was called", SEAT_COLUMNS, _seats)
ROUNDS = Table("rounds", "Each match of each round", ROUND_COLUMNS, _rounds)
PLACINGS = Table("placings", "Who sat where in each match, and what it earned", PLACING_COLUMNS, _placings)
RESTS = Table("rests", "Each seat that sat a round out, a stand-in's from its first match on", REST_COLUMNS, _rests)
