"""What `make long` says at its end."""

from pathlib import Path

from tests.machinery.bounds import bound
from tests.machinery.played import cases_of, lines

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest">
<testcase classname="tests.faults.test_faults" name="test_dies[once]" time="12.4"><properties>
<property name="seen" value="3 kills, 60 turns"/><property name="other" value="x"/></properties></testcase>
<testcase classname="tests.faults.test_faults" name="test_freezes" time="70.2"><failure message="x"/></testcase>
<testcase classname="tests.hosts.test_hosts" name="test_power" time="0.1"><skipped message="not root"/></testcase>
</testsuite></testsuites>
"""


def test_every_test_of_every_part_is_told_with_its_outcome(tmp_path: Path) -> None:
    file = tmp_path / "faults.xml"
    file.write_text(REPORT)
    assert list(lines({"faults": cases_of(file), "weeks": []})) == [
        "faults: 1 FAILED, 1 passed, 1 skipped, 83 s of tests",
        "      70 s  FAILED  tests/faults/test_faults.py::test_freezes",
        "      12 s  passed  tests/faults/test_faults.py::test_dies[once]",
        "            3 kills, 60 turns",
        "       0 s  skipped  tests/hosts/test_hosts.py::test_power",
        "weeks: nothing, 0 s of tests",
        "played: 1 FAILED, 1 passed, 1 skipped",
    ]


def test_what_no_failure_in_so_many_says() -> None:
    assert bound(0, 60, "kills") == "0 problems in 60 kills: at 95 %, fewer than 3/60 = 5 % of kills cause one"
    assert bound(2, 60, "kills") == "2 problems in 60 kills"
    assert bound(0, 0, "kills") == "0 problems in 0 kills"
