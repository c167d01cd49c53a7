"""What the run across hosts came to, at the end of the tests' output."""

from typing import Any

SAID = "account of hosts"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what a test has recorded line by line."""
    reports = [report for state in ("passed", "failed") for report in terminalreporter.stats.get(state, [])]
    said = [value for report in reports for name, value in report.user_properties if name == SAID]
    if said:
        terminalreporter.section("hosts")
        for line in said:
            terminalreporter.write_line(line)
