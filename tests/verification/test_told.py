"""The ledger's own bookkeeping, against what it must come to by counting."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as some

from simulation.ledger import Acknowledged, acknowledged
from verification.report import MOST_KEPT, Report
from verification.told import Told

PEOPLE, KEYS, OUTCOMES, WORDS = range(3), ["k", "l"], ["stored", "stale", "late"], ["a", "b"]


def entry_of(person: int, key: str, outcome: str, word: str) -> Acknowledged:
    return acknowledged(person, outcome, {"key": f"{person}{key}", "rev": "r", "word": word})


def body(word: str) -> str:
    return acknowledged(0, "stored", {"key": "", "rev": "r", "word": word}).body_sha256


one_of = some.sampled_from
ENTRIES = some.builds(entry_of, one_of(PEOPLE), one_of(KEYS), one_of([*OUTCOMES, "conflict"]), one_of(WORDS))
FORMS = some.tuples(one_of([f"{person}{key}" for person in PEOPLE for key in KEYS]), one_of(OUTCOMES), one_of(WORDS))


def new_report() -> Report:
    return Report("study", datetime(2026, 1, 1, tzinfo=UTC))


def is_true(entry: Acknowledged, forms: list[tuple[str, str, str]]) -> bool:
    """Whether one acknowledgement is what the tables say."""
    found = [(outcome, word) for key, outcome, word in forms if key == entry.key]
    if len(found) != 1:
        return False
    outcome, word = found[0]
    if entry.outcome == "conflict":
        return word != entry.data["word"]
    return (entry.outcome, entry.data["word"]) == (outcome, word)


@settings(deadline=None)
@given(some.lists(ENTRIES, max_size=6), some.lists(FORMS, max_size=6))
def test_nothing_differs_just_where_every_acknowledgement_is_true(
    ledger: list[Acknowledged], forms: list[tuple[str, str, str]]
) -> None:
    first = {(entry.key, entry.outcome): entry for entry in reversed(ledger)}
    report = new_report()
    told = Told(report, ledger)
    for key, outcome, word in forms:
        told.meet_form(key, outcome=outcome, body=body(word))
    told.close()
    counts, there = report.ledger, Counter(key for key, _, _ in forms)
    assert report.is_clean == all(is_true(entry, forms) for entry in first.values())
    assert counts["acknowledged"] == len(first) == counts["found"] + counts["lost"]
    assert counts["lost"] == sum(not there[key] for key, _ in first)
    assert counts["doubled"] == sum(there[key] > 1 for key in {key for key, _ in first})


@settings(deadline=None)
@given(some.lists(ENTRIES, max_size=6), some.integers(0, 3))
def test_only_as_many_people_may_be_erased_as_were(ledger: list[Acknowledged], erased: int) -> None:
    report = new_report()
    told = Told(report, ledger)
    told.may_be_erased = erased
    told.close()
    people = len({entry.person for entry in ledger})
    assert report.ledger["erased"] + report.ledger["lost"] == report.ledger["acknowledged"]
    if people:
        assert (report.ledger["lost"] == 0) == (report.is_clean) == (erased >= people)


SPOKEN = acknowledged(1, "said", {"key": "1k", "rev": "t", "message": "a"})


def test_message_by_socket_is_lost_without_its_entry_and_needs_no_form() -> None:
    for is_there, lost in ((True, 0), (False, 1)):
        report = new_report()
        told = Told(report, [SPOKEN])
        if is_there:
            told.meet_said({"1k"})
        told.close()
        assert (report.ledger["found"], report.ledger["lost"]) == (1 - lost, lost)
        assert told.stored("1k") == SPOKEN, "its words are held against the entry's"


def test_message_whose_answer_came_late_is_one_by_socket_and_by_form() -> None:
    form = acknowledged(1, "stored", {"key": "1k", "rev": "r", "message": "a", "then": "more"})
    report = new_report()
    told = Told(report, [form, SPOKEN])
    told.meet_said({"1k"})
    told.meet_form("1k", outcome="stored", body=form.body_sha256)
    told.close()
    assert report.is_clean
    assert report.ledger["found"] == 2
    assert told.stored("1k") == form


def test_form_that_contradicts_itself_is_altered() -> None:
    entry = Acknowledged(1, "key", "stored", "r", "0" * 64, "A page", {"word": "a"})
    report = new_report()
    Told(report, [entry])
    assert [each.what for each in report.differences] == ["acknowledged form altered"]


def test_report_keeps_ten_thousand_differences_and_counts_the_rest() -> None:
    report = new_report()
    for number in range(MOST_KEPT + 5):
        report.differ("thing", str(number), 1, 2)
    assert (len(report.differences), report.omitted) == (MOST_KEPT, 5)
    assert report.as_text().splitlines()[-1] == "  … and 5 more"
