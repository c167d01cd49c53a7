"""The reckoning after a scenario, in counts: the clients' ledger and an undisturbed course against the tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from tests.faults.nemesis import Fault
from tests.faults.rig import ROUNDS, Played, Rows
from tests.machinery.quick import FAST

DECLARED = {"completed", "inactive", "partners_left", "no_group"}
GAME = "game"
BOTS_PAUSE = timedelta(seconds=float(FAST["max_s"]))  # type: ignore[arg-type]  # what a bot waits on purpose, at most

_PEOPLE = "SELECT id FROM participants_participant WHERE created_at >= %s ORDER BY id"
_GROUPS = "SELECT DISTINCT group_id FROM matching_seat WHERE participant_id = ANY(%s)"
_FORM_KEYS = """
    SELECT u.key::text FROM flow_submission u JOIN scheduling_session s ON s.id = u.session_id
    WHERE s.participant_id = ANY(%s)
"""
_STUCK = """
    SELECT 'participant ' || code FROM participants_participant WHERE id = ANY(%(people)s) AND status = 'active'
    UNION ALL SELECT 'ticket of session ' || t.session_id FROM matching_ticket t JOIN scheduling_session s
        ON s.id = t.session_id WHERE s.participant_id = ANY(%(people)s) AND t.status IN ('waiting', 'asked', 'ready')
    UNION ALL SELECT 'group ' || code FROM matching_group WHERE id = ANY(%(groups)s) AND status = 'active'
    UNION ALL SELECT 'match ' || id FROM flow_match WHERE group_id = ANY(%(groups)s) AND path <> ''
"""
_UNDECLARED = """
    SELECT 'group ' || code || ': ' || status || ' ' || end_reason FROM matching_group WHERE id = ANY(%(groups)s)
        AND NOT (status = 'complete' AND end_reason = '' AND round = rounds
            OR status = 'ended' AND end_reason = 'too_few')
    UNION ALL SELECT 'participant ' || code || ': ' || exit FROM participants_participant
        WHERE id = ANY(%(people)s) AND exit <> ALL(%(declared)s)
    UNION ALL SELECT 'failed: ' || reaction || ' ' || key FROM events_due
        WHERE outcome = 'failed' AND done_at >= %(began)s
"""
_FORMS = """
    SELECT p.code, p.exit, u.stage, count(*) FROM flow_submission u JOIN scheduling_session s ON s.id = u.session_id
    JOIN participants_participant p ON p.id = s.participant_id
    WHERE p.id = ANY(%s) AND u.outcome = 'stored' AND u.stage <> ALL(ARRAY['lobby', 'game']) GROUP BY 1, 2, 3
"""
_MATCHES = """
    SELECT m.id, m.round, m.status, m.void_path, g.end_reason FROM flow_match m
    JOIN matching_group g ON g.id = m.group_id WHERE g.id = ANY(%s)
"""
_DECISIONS = """
    SELECT a.match_id, a.path, t.role, a.source FROM flow_act a JOIN matching_seat t ON t.id = a.seat_id
    WHERE t.group_id = ANY(%s) AND (a.values <> '{}' OR a.source = 'timeout')
"""
# Who did not complete, without a record that says why: so many timeouts, partners who left, no group in time.
_UNEXPLAINED_EXITS = """
    SELECT code || ': ' || exit FROM participants_participant p WHERE id = ANY(%s) AND NOT (exit = 'completed'
        OR exit = 'inactive' AND strikes > 0 AND strikes <= (SELECT count(*) FROM flow_act a
            JOIN matching_seat t ON t.id = a.seat_id WHERE t.participant_id = p.id AND a.source = 'timeout')
        OR exit = 'partners_left' AND EXISTS (SELECT FROM matching_seat t JOIN matching_group g ON g.id = t.group_id
            WHERE t.participant_id = p.id AND g.end_reason = 'too_few')
        OR exit = 'no_group' AND EXISTS (SELECT FROM matching_ticket t
            JOIN scheduling_session s ON s.id = t.session_id WHERE s.participant_id = p.id AND t.status = 'expired'))
"""
_DUE = """
    SELECT reaction || ' ' || key, queue, run_after, coalesce(done_at, %(ended)s) FROM events_due
    WHERE outcome <> 'cancelled' AND run_after <= %(ended)s AND (outcome = '' OR done_at >= %(began)s)
"""


class Asked(Protocol):
    """An installation whose database answers."""

    def ask(self, query: str, *values: Any) -> Rows: ...
    def ask_by_name(self, query: str, values: Mapping[str, Any]) -> Rows: ...


@dataclass(frozen=True)
class Course:
    """What an undisturbed play leaves.

    Attributes:
        forms: Stage to forms that each person sends there; without the waiting room, where it depends on the others,
            and the game.
        decisions: Round to (step, role), with how many decisions each of its matches has.
    """

    forms: Counter[str]
    decisions: dict[int, Counter[tuple[str, str]]]


_TRIAD = Counter(
    {("ask", "selector"): 1, ("reply", "candidate"): 2, ("decide", "selector"): 1, ("decide", "candidate"): 2}
)
_EXPECT = Counter({("expect", "selector"): 1})
_TYPES = Counter({("types", "selector"): 1})


def _round(number: int) -> Counter[tuple[str, str]]:
    """Every second round asks what one expects, and the last who was an AI."""
    return _TRIAD + (Counter() if number % 2 else _EXPECT) + (_TYPES if number == ROUNDS else Counter())


UNDISTURBED = Course(
    Counter(consent=1, instructions=4, quiz=1, briefing=1, looking_back=5, after=1, debrief=1),
    {number: _round(number) for number in range(1, ROUNDS + 1)},
)
"""What the rig's study leaves; `make faults` also plays it without any fault and holds that against this."""


@dataclass
class Account:
    """One scenario in counts; `problems` names each thing that must not be.

    Attributes:
        acknowledged: Forms that the server said it had taken in.
        retries: Requests of people that had no answer, or an error of the server's.
        lost: Acknowledged forms that are not in the tables as they were sent, with what they caused.
        doubled: Forms that are there twice, or that nobody was told of.
        wrong: Whatever else in the tables is not true to the rest.
        stuck: People and groups without an end.
        unexplained: Differences from an undisturbed play that no recorded timeout or drop-out explains.
        late_seconds: The longest that due work waited.
        overdue_seconds: The same from the end of the last fault that had begun by then.
    """

    scenario: str
    kinds: dict[str, int]
    people: int = 0
    groups: int = 0
    acknowledged: int = 0
    retries: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: int = 0
    stuck: int = 0
    unexplained: int = 0
    timeouts: int = 0
    void: int = 0
    dropped_out: int = 0
    late_seconds: float = 0.0
    overdue_seconds: float = 0.0
    latest: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        """How many things went wrong on purpose."""
        return sum(self.kinds.values())

    def as_facts(self) -> dict[str, Any]:
        """Plain values, so that it can travel with a test's report."""
        return asdict(self)

    def find(self, kind: str, problems: Iterable[str]) -> None:
        """Count and name what must not be."""
        found = list(problems)
        setattr(self, kind, getattr(self, kind) + len(found))
        self.problems += [f"{kind}: {what}" for what in found]


def account_of(
    rig: Asked, scenario: str, played: Played, faults: Sequence[Fault], *, differences: Iterable[str]
) -> Account:
    """Hold everything that a play left against what was acknowledged and what an undisturbed one leaves.

    Args:
        differences: What `manage.py verify --ledger` has found.
    """
    account = Account(scenario, dict(Counter(fault.kind for fault in faults)), acknowledged=len(played.ledger))
    account.retries = sum(len(one.door.server_errors) + len(one.door.transport_errors) for one in played.people)
    people = [pk for (pk,) in rig.ask(_PEOPLE, played.began)]
    groups = [pk for (pk,) in rig.ask(_GROUPS, people)]
    account.people, account.groups = len(people), len(groups)
    told = {entry.key for entry in played.ledger}
    account.find("doubled", (f"{key} was told to nobody" for (key,) in rig.ask(_FORM_KEYS, people) if key not in told))
    reckon_verification(account, differences)
    facts = {"people": people, "groups": groups, "declared": list(DECLARED), "began": played.began}
    account.find("stuck", (f"person {one.number}: {one.failure}" for one in played.people if one.failure))
    account.find("stuck", (what for (what,) in rig.ask_by_name(_STUCK, facts)))
    account.find("wrong", (what for (what,) in rig.ask_by_name(_UNDECLARED, facts)))
    account.find("unexplained", (what for (what,) in rig.ask(_UNEXPLAINED_EXITS, people)))
    reckon_forms(account, rig.ask(_FORMS, people))
    reckon_rounds(account, rig.ask(_MATCHES, groups), rig.ask(_DECISIONS, groups))
    exits = rig.ask("SELECT count(*) FROM participants_participant WHERE id = ANY(%s) AND exit <> 'completed'", people)
    account.dropped_out = int(exits[0][0])
    reckon_lateness(account, rig.ask_by_name(_DUE, {"began": played.began, "ended": played.ended}), faults)
    return account


def reckon_verification(account: Account, differences: Iterable[str]) -> None:
    """What `manage.py verify` found, by kind."""
    for difference in differences:
        is_lost = difference.startswith(("acknowledged form lost", "acknowledged form altered"))
        is_doubled = difference.startswith("acknowledged form doubled")
        account.find("lost" if is_lost else "doubled" if is_doubled else "wrong", [difference])


def reckon_forms(account: Account, rows: Rows) -> None:
    """Whoever completed has sent what everybody sends, and nobody more."""
    sent: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for code, exit_name, stage, count in rows:
        sent[code, exit_name][stage] = count
    for (code, exit_name), forms in sent.items():
        if forms - UNDISTURBED.forms or (exit_name == "completed" and forms != UNDISTURBED.forms):
            account.find("unexplained", [f"participant {code} ({exit_name}) sent {dict(forms)}"])


def reckon_rounds(account: Account, matches: Rows, decisions: Rows) -> None:
    """Every decision that an undisturbed round has is there, or a timeout in its place, or the round is void by one."""
    made: dict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    late: dict[int, Counter[str]] = defaultdict(Counter)
    for match, path, role, source in decisions:
        made[match][path, role] += 1
        late[match][path] += source == "timeout"
    account.timeouts = sum(count.total() for count in late.values())
    for match, number, status, void_path, end_reason in matches:
        expected = UNDISTURBED.decisions[number]
        if status == "complete" and made[match] != expected:
            account.find("unexplained", [f"match {match} of round {number} has {dict(made[match])}"])
        if status == "void":
            account.void += 1
            if not (late[match][void_path] or end_reason) or made[match] - expected:
                what = f"match {match} of round {number} is void at {void_path}: {dict(made[match])}"
                account.find("unexplained", [what])


def reckon_lateness(account: Account, rows: Rows, faults: Sequence[Fault]) -> None:
    """The longest that work waited: from its time, and from the end of the last fault that had begun by then."""
    for what, queue, run_after, done_at in rows:
        planned = run_after + (BOTS_PAUSE if queue == "bots" else timedelta())
        cause = max([planned, *(fault.ended for fault in faults if fault.began <= done_at)])
        account.late_seconds = max(account.late_seconds, seconds(planned, done_at))
        if seconds(cause, done_at) > account.overdue_seconds:
            account.overdue_seconds, account.latest = seconds(cause, done_at), what


def seconds(since: datetime, until: datetime) -> float:
    """How long after, at least 0."""
    return max(0.0, round((until - since).total_seconds(), 2))
