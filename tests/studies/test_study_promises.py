"""What pages say of pay, of the others and of the data: exits keep it, and consent leaves nothing out."""

import pytest

from tests.studies.conftest import Folder


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("completed: {pay: full,", "completed: {pay: none,"),
        ("completed: {pay: full,", 'completed: {pay: fixed, amount: "2.00",'),
    ],
)
def test_end_pays_what_the_first_page_promises(folder: Folder, old: str, new: str) -> None:
    folder.change(old, new)
    assert folder.one("E450").path == "exits.completed"
    assert "Write pay: full." in folder.one("E450").remedy


def test_study_that_pays_nothing_promises_nothing(folder: Folder) -> None:
    text = folder.text().replace("pay: full", "pay: none").replace("pay: earned", "pay: none")
    folder.write(text)
    folder.change(
        'base: "4.00", points: {rate: "0.02", max: "6.00"}, minimum_hourly: "6.00"', 'base: "0", minimum_hourly: "0"'
    )
    assert folder.problems() == []


def test_being_away_pays_as_leaving_does(folder: Folder) -> None:
    left = "  left: {pay: earned, page: pages/exit.md}\n"
    folder.change(left, left + "  away: {pay: earned, page: pages/exit.md}\n")
    assert folder.problems() == [], "nothing names it, but the platform leads there"
    folder.change("  away: {pay: earned,", '  away: {pay: fixed, amount: "0.10",')
    assert folder.one("E450").path == "exits.away"
    assert "pays fixed 0.10, but left pays earned" in folder.one("E450").what


def test_whoever_stops_early_keeps_what_was_earned(folder: Folder) -> None:
    for name in ("left", "withdrawn"):
        folder.change(f"  {name}: {{pay: earned,", f"  {name}: {{pay: none,")
    found = folder.one("W450")
    assert (found.path, found.severity) == ("exits.left", "warning")
    assert "for whoever stops early" in found.what


def test_whoever_misses_some_acts_keeps_what_was_earned(folder: Folder) -> None:
    folder.change("  inactive: {pay: earned,", "  inactive: {pay: none,")
    found = folder.one("W450")
    assert (found.path, found.severity) == ("waves[main].stages[game].on_timeout", "warning")
    assert "for whoever misses some acts in a row: points and time given are lost" in found.what


def test_fixed_pay_of_nothing_is_no_pay(folder: Folder) -> None:
    folder.change("  partners_left: {pay: full,", '  partners_left: {pay: fixed, amount: "0.00",')
    found = folder.one("W450")
    assert "pays fixed 0.00, for whoever the others have left" in found.what
    folder.change('{pay: fixed, amount: "0.50", ', '{pay: fixed, amount: "0", ')
    assert "pays fixed 0 after instructions and quiz" in folder.one("W605").what
    folder.change('  partners_left: {pay: fixed, amount: "0.00",', '  partners_left: {pay: fixed, amount: "0.01",')
    assert folder.codes() == {"W605"}


ON_TIMEOUT = "on_timeout: {exit: no_group}"


def test_whoever_leaves_a_waiting_room_loses_nothing_by_it(folder: Folder) -> None:
    folder.change(ON_TIMEOUT, f"{ON_TIMEOUT}\n        on_leave: {{exit: left}}")
    found = folder.one("E844")
    assert (found.path, found.severity) == ("waves[main].stages[lobby].on_leave", "error")
    assert "pays earned, but no_group pays fixed 1.00" in found.what
    folder.change("on_leave: {exit: left}", "on_leave: {exit: partners_left}")
    assert folder.problems() == [], "it pays in full"
    folder.change("on_leave: {exit: partners_left}", "on_leave: {exit: partner_left}")
    assert folder.one("E402").path == "waves[main].stages[lobby].on_leave.exit"


def test_whoever_leaves_a_waiting_room_does_not_read_what_is_for_others(folder: Folder) -> None:
    folder.change(ON_TIMEOUT, "on_timeout: {exit: partners_left}")
    found = folder.one("W834")
    assert (found.path, found.severity) == ("waves[main].stages[lobby].on_timeout", "warning")
    assert 'leads whoever presses Leave to "partners_left"' in found.what
    folder.change(
        "on_timeout: {exit: partners_left}", "on_timeout: {exit: partners_left}\n        on_leave: {exit: completed}"
    )
    assert "W834" not in folder.codes()


@pytest.mark.parametrize(
    ("slot", "words"),
    [
        ("base", "paid for taking part"),
        ("contact_email", "whom to ask"),
        ("point_rate", "what a point is worth"),
        ("bonus_max", "what points pay at most"),
        ("pay_per_minute", "paid for waiting"),
        ("ethics_ref", "by which number"),
    ],
)
def test_consent_must_say_what_one_must_know(folder: Folder, slot: str, words: str) -> None:
    folder.change(f"{{{{ {slot} }}}}", "something", "pages/consent.md")
    found = folder.one("W451")
    assert found.path == "waves[main].stages[consent].document"
    assert words in found.what
    assert f"{{{{ {slot} }}}}" in found.remedy


def test_consent_may_say_it_word_for_word(folder: Folder) -> None:
    folder.change("{{ contact_email }}", "team@lab.test", "pages/consent.md")
    folder.change("{{ base }}", "£4.00", "pages/consent.md")
    assert folder.problems() == []
    folder.change("£4.00", "£14.00", "pages/consent.md")
    assert "paid for taking part" in folder.one("W451").what


@pytest.mark.parametrize("name", ["needed", "group_people", "group_ai"])
def test_number_of_people_is_told_only_where_that_is_declared(folder: Folder, name: str) -> None:
    folder.change("{{ here }}", f"{{{{ here }}}} of {{{{ {name} }}}}", "pages/waiting.md")
    found = folder.one("W452")
    assert (found.path, found.line) == ("pages/waiting.md", 3)
    assert f"{{{{ {name} }}}}" in found.what
    folder.change("share: some", "share: exact")
    assert folder.problems() == []
    folder.change("share: exact", "share: none")
    folder.change("taker: {humans: 1, ai: 1}", "taker: {humans: 2}")
    assert "W452" not in folder.codes()


def test_time_may_stand_beside_a_box(folder: Folder) -> None:
    folder.change("{{ minutes }} minutes and", "some time and", "pages/consent.md")
    assert folder.problems() == []
    folder.change("for {{ minutes }} minutes", "today")
    assert "how long it takes" in folder.one("W451").what
