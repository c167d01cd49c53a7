"""What a run of scenarios comes to, in lines to be read."""

from collections import Counter
from collections.abc import Sequence

from tests.faults.account import Account

COLUMNS = {
    "faults": "faults", "people": "people", "acked": "acknowledged", "retries": "retries", "lost": "lost",
    "doubled": "doubled", "wrong": "wrong", "stuck": "stuck", "unexpl.": "unexplained", "void": "void",
    "timeouts": "timeouts", "out": "dropped_out", "late": "late_seconds", "overdue": "overdue_seconds",
}  # fmt: skip
HIGHEST = ("late", "overdue")  # of these a total has the highest, of the others the sum
NOTES = (
    "faults: everything that was done on purpose; acked: forms that the server said it had taken in;",
    "wrong: statuses; stuck: people and groups; void, timeouts, out: recorded, each explained; late: the longest",
    "that due work waited, in s; overdue: the same from the end of the last fault that had begun by then.",
)


def lines(accounts: Sequence[Account]) -> list[str]:
    """One line per scenario, a total with its bound, and what the faults were."""
    rows = {account.scenario: [getattr(account, name) for name in COLUMNS.values()] for account in accounts}
    columns = zip(*rows.values(), strict=True)
    total = [max(values) if name in HIGHEST else sum(values) for name, values in zip(COLUMNS, columns, strict=True)]
    width = max(map(len, ["scenario", *rows]))
    table = [_line(name, values, width) for name, values in rows.items()]
    kinds: Counter[str] = Counter()
    for account in accounts:
        kinds.update(account.kinds)
    said = ", ".join(f"{count} x {kind}" for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0])))
    head = _line("scenario", list(COLUMNS), width)
    problems = [f"{account.scenario}: {what}" for account in accounts for what in account.problems]
    return [head, *table, _line("total", total, width), _bound(accounts), *problems, f"faults: {said}", *NOTES]


def _line(name: str, values: Sequence[float | str], width: int) -> str:
    return f"{name:<{width}}" + "".join(f"{value:>9}" for value in values)


def _bound(accounts: Sequence[Account]) -> str:
    """The rule of three: without a failure in n trials, the rate is below 3/n with 95 % confidence."""
    faults = sum(account.faults for account in accounts)
    problems = sum(len(account.problems) for account in accounts)
    if problems or not faults:
        return f"{problems} problems under {faults} faults"
    return (
        f"0 problems under {faults} faults: at 95 %, fewer than 3/{faults} = {300 / faults:.2g} % of faults cause one"
    )
