"""The clients' ledger: what is written is what is read."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.ledger import Acknowledged, Ledger, acknowledged

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
forms = st.dictionaries(words, words, max_size=4)
entries = st.builds(
    lambda form, person, outcome, title: acknowledged(person, outcome, {"key": "k", "rev": "r", **form}, title=title),
    forms,
    st.integers(0, 999),
    st.sampled_from(["stored", "stale", "late", "conflict"]),
    words,
)


@given(st.lists(entries, max_size=5))
def test_ledger_round_trip(found: list[Acknowledged]) -> None:
    ledger = Ledger()
    for entry in found:
        ledger.add(entry)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        ledger.write(path)
        assert list(Ledger.read(path)) == found
        assert path.read_bytes().count(b"\n") == len(ledger) == len(found)


@pytest.mark.parametrize("line", ["{", "[1]", '{"person": 1}', "7"])
def test_a_file_that_is_no_ledger_is_refused(line: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(line + "\n")
    with pytest.raises((ValueError, TypeError)):
        Ledger.read(path)


def test_what_only_carries_the_form_is_no_answer() -> None:
    form = {"key": "k1", "rev": "r1", "csrfmiddlewaretoken": "t", "returned": "5"}
    entry = acknowledged(2, "stored", form, title="Send back")
    assert (entry.key, entry.rev, entry.data) == ("k1", "r1", {"returned": "5"})
