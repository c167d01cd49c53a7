"""How people got through: stages, exits, minutes, waiting, and matches that did not count."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from events.models import Event
from exports.columns import Table
from exports.scope import Scope
from exports.tables.groups import PLACINGS, RESTS, ROUNDS
from flow.models import Match
from matching.models import Ticket
from simulation.figures import median, percent, quantile
from simulation.population import Someone
from simulation.sections import Cell, Column, Section, counted, few
from studies import definition
from studies.models import Study

OPENED, CLOSED = "stage.opened", "stage.closed"
ON_THE_WAY = "(on the way)"
STILL_THERE = (Ticket.Status.WAITING, Ticket.Status.ASKED, Ticket.Status.READY)


@dataclass(frozen=True)
class _Way:
    """One visit: the stages that were opened and done, and the exit, "" while there is none."""

    opened: Sequence[str]
    done: frozenset[str]
    exit: str


def stages(study: Study) -> Section:
    """How many reached each stage, went on from it, and ended there."""
    order = _order(study)
    ways = list(_ways(study, order))
    rows = [_stage(name, kind, ways) for name, kind in order.items()]
    columns = [
        Column("stage", "stage"), Column("kind", "kind"), Column("reached", "reached"), Column("went_on", "went on"),
        Column("ended", "ended here"), Column("there", "still here"), Column("exits", "by which exit"),
    ]  # fmt: skip
    notes = [
        "Counted by the log: a stage is reached when it opened for the person.",
        "Who is taken past a stage, because the group ended before they came to it, did not reach it.",
        "Nor did those for whom a stage is not, as its `when` says.",
    ]
    return Section("stages", "How far people came", columns, rows, notes)


def _order(study: Study) -> dict[str, str]:
    """Stage -> kind, in the order of the newest version; what only older versions had comes last."""
    order: dict[str, str] = {}
    for version in study.versions.order_by("-number"):
        for stage in definition.definition(version).stages:
            order.setdefault(stage.id, stage.kind)
    return order


def _ways(study: Study, order: Mapping[str, str]) -> Iterable[_Way]:
    opened: dict[int, list[str]] = defaultdict(list)
    done: dict[int, set[str]] = defaultdict(set)
    log = Event.objects.filter(study_id=study.pk, kind__in=(OPENED, CLOSED), subject_kind="session").order_by("pk")
    for kind, session, facts in log.values_list("kind", "subject_id", "facts"):
        if kind == OPENED:
            opened[session].append(facts["stage"])
        else:
            done[session].add(facts["stage"])
    sessions = study.participants.values_list("sessions", "sessions__status", "exit").exclude(sessions=None)
    for session, status, leaving in sessions:
        # in the order of the study, so that somebody who was sent back is counted where they had come to
        reached = sorted(set(opened[session]), key=list(order).index)
        yield _Way(reached, frozenset(done[session]), leaving if status == "finished" else "")


def _stage(name: str, kind: str, ways: Sequence[_Way]) -> Sequence[Cell]:
    reached = [way for way in ways if name in way.opened]
    stopped = [way for way in reached if way.opened[-1] == name and name not in way.done]
    exits = Counter(way.exit for way in stopped if way.exit)
    ended = exits.total()
    told = ", ".join(f"{leaving} {number}" for leaving, number in sorted(exits.items()))
    return [name, kind, len(reached), len(reached) - len(stopped), ended, len(stopped) - ended, told]


def exits(people: Sequence[Someone]) -> Section:
    """In which exit people ended, and how many minutes they were there."""
    ended = [one for one in people if one.exit]
    by_exit = {name: [one for one in ended if one.exit == name] for name in sorted({one.exit for one in ended})}
    rows = [_exit("everybody who ended", ended, len(people))] if ended else []
    rows += [_exit(name, found, len(people)) for name, found in by_exit.items()]
    going = len(people) - len(ended)
    if going:
        rows.append([ON_THE_WAY, going, percent(going, len(people)), None, None])
    columns = [
        Column("exit", "exit"), Column("people", "people"), Column("share_percent", "of all, %"),
        Column("median_minutes", "median, min"), Column("p90_minutes", "90th percentile, min"),
    ]  # fmt: skip
    notes = [
        "Minutes run from the start of a visit to its end, waiting included; not the time before [Start] is pressed."
    ]
    if going:
        notes.append(f"{counted(going, 'person', 'people')} on the way: without minutes yet.")
    notes += few({name: len(found) for name, found in by_exit.items()})
    return Section("exits", "Exits and minutes", columns, rows, notes)


def _exit(name: str, people: Sequence[Someone], everybody: int) -> Sequence[Cell]:
    minutes = [one.minutes for one in people if one.minutes is not None]
    return [name, len(people), percent(len(people), everybody), median(minutes), quantile(minutes, 0.9)]


def waiting(study: Study) -> Section:
    """Seconds that people waited: in waiting rooms, after their own match, and in rounds they sat out."""
    tickets = Ticket.objects.filter(version__study=study)
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    over = tickets.exclude(status__in=STILL_THERE).order_by("stage", "status")
    for stage, status, seconds in over.values_list("stage", "status", "waited_seconds"):
        found[stage, status].append(float(seconds))
    for table, what in ((PLACINGS, "after a match"), (RESTS, "round sat out")):
        waits = [float(str(row["waited_s"])) for row in _rows(table, study) if row["participant"] and row["waited_s"]]
        if waits:
            found["game", what] = waits
    columns = [
        Column("where", "where"), Column("what", "how it ended, or when"), Column("times", "times"),
        Column("median_seconds", "median, s"), Column("p90_seconds", "90th percentile, s"),
        Column("longest_seconds", "longest, s"),
    ]  # fmt: skip
    rows = [
        [where, what, len(waits), median(waits), quantile(waits, 0.9), max(waits)]
        for (where, what), waits in found.items()
    ]
    notes = ["People only. In the game without those who asked for deletion, as in the dataset."]
    still = tickets.filter(status__in=STILL_THERE).count()
    if still:
        notes.append(f"{counted(still, 'person', 'people')} still in a waiting room: left out.")
    notes += few({f"{where}: {what}": len(waits) for (where, what), waits in found.items()})
    return Section("waiting", "Waiting", columns, rows, notes)


def voids(study: Study) -> Section:
    """Matches that did not count: how many, at which step, why."""
    matches = list(_rows(ROUNDS, study))
    over = [row for row in matches if row["status"] != Match.Status.OPEN]
    void = Counter((str(row["void_step"]), str(row["void_reason"])) for row in over if row["is_void"])
    total = void.total()
    rows: list[Sequence[Cell]] = []
    if over:
        rows = [
            ["complete", "", "", len(over) - total, percent(len(over) - total, len(over))],
            ["void", "(any)", "(any)", total, percent(total, len(over))],
        ]
    rows += [["void", step, why, number, percent(number, len(over))] for (step, why), number in sorted(void.items())]
    columns = [
        Column("outcome", "outcome"), Column("step", "at step"), Column("reason", "why"),
        Column("matches", "matches"), Column("share_percent", "of all over, %"),
    ]  # fmt: skip
    notes = [
        "timeout: somebody who sat there did not act in time. left: only people who had left were waited for.",
        "ended: the group ended.",
    ]
    if len(over) < len(matches):
        notes.append(f"{counted(len(matches) - len(over), 'match', 'matches')} still open: left out.")
    return Section("voids", "Matches", columns, rows, notes)


def _rows(table: Table, study: Study) -> Iterable[Mapping[str, object]]:
    """The rows that the dataset holds, so that the report and the dataset cannot disagree."""
    return table.rows(Scope(study))
