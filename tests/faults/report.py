"""What a run of scenarios comes to, in lines to be read."""

from collections import Counter
from collections.abc import Sequence

from tests.faults.account import Account

HEAD = (
    "scenario",
    "faults",
    "people",
    "acked",
    "retries",
    "lost",
    "doubled",
    "wrong",
    "stuck",
    "void",
    "timeouts",
    "out",
    "late",
    "overdue",
)
NOTES = (
    "faults: everything that was done on purpose; acked: forms that the server said it had taken in;",
    "wrong: statuses; stuck: people and groups; void, timeouts, out: recorded, each explained; late: the longest",
    "that due work waited, in s; overdue: the same from the end of the last fault that had begun by then.",
)


def lines(accounts: Sequence[Account]) -> list[str]:
    """One line per scenario, a total with its bound, and what the faults were."""
    rows = [_row(account) for account in accounts]
    counts = [sum(row[column] for row in rows) for column in range(len(rows[0]))]
    total = [*counts[:-2], max(row[-2] for row in rows), max(row[-1] for row in rows)]
    names = [account.scenario for account in accounts]
    width = max(len(name) for name in [*names, HEAD[0]])
    table = [_line(HEAD[0], HEAD[1:], width), *(_line(name, row, width) for name, row in zip(names, rows, strict=True))]
    kinds: Counter[str] = Counter()
    for account in accounts:
        kinds.update(account.kinds)
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0])))
    return [*table, _line("total", total, width), _bound(accounts), f"faults: {said}", *NOTES]


def _row(account: Account) -> list[float]:
    lists = [len(one) for one in (account.lost, account.doubled, account.wrong, account.stuck)]
    before = [account.faults, account.people, account.acknowledged, account.retries]
    return [
        *before,
        *lists,
        account.void,
        account.timeouts,
        account.dropped_out,
        account.late_seconds,
        account.overdue_seconds,
    ]


def _line(name: str, values: Sequence[float | str], width: int) -> str:
    return f"{name:<{width}}" + "".join(f"{value:>9}" for value in values)


def _bound(accounts: Sequence[Account]) -> str:
    faults = sum(account.faults for account in accounts)
    bad = sum(len(account.problems()) for account in accounts)
    if bad or not faults:
        return f"{bad} problems under {faults} faults"
    return (
        f"0 problems under {faults} faults: with 95 % confidence fewer than 3/{faults} = {300 / faults:.2g} % per fault"
    )
