"""Which stretches of a page a declaration covers, on pages written by hand."""

import pytest

from screens.declared import Declared, Side
from screens.reading import pieces
from screens.screen import Key

LABELLED = Declared(Side(labels=frozenset({""})), Side(labels=frozenset({"Person", "AI"})), label_factor="label")
NUMBERED = Declared(Side(values=frozenset({"none"})), Side(values=frozenset({"last"})), parameter_factor="reward")
DECIDE = Key("game", "decide", "Chooser", "acts")


def reason(declared: Declared, first: str, second: str, key: Key = DECIDE) -> str:
    """Why these two pieces of HTML may differ."""
    return declared.reason(key, pieces(first), pieces(second))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", '<span class="label">Person</span>'),
        ("<td>A</td>", "<td>A (AI)</td>"),
        ("<td>nothing</td>", "<td>Person</td>"),
        (
            "",
            '<ul class="present"><li><span class="letter">A</span><span class="label">AI</span></li></ul>',
        ),
    ],
)
def test_declared_label_covers_itself(first: str, second: str) -> None:
    assert reason(LABELLED, first, second) == "labels of partners by label"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", '<span class="label">Human</span>'),
        ("<td>A</td>", "<td>A (Human)</td>"),
        ("<p>Pick A</p>", "<p>Pick A, an AI</p>"),
        ("<p>You met A</p>", "<p>You met Person</p>"),
        ("", '<ul class="present"><li>Look: <span class="label">AI</span></li></ul>'),
        ("", "<p>AI</p>"),
    ],
)
def test_declared_label_covers_nothing_else(first: str, second: str) -> None:
    assert reason(LABELLED, first, second) == ""


def test_drawn_label_covers_itself_and_nothing_else() -> None:
    both = Side(labels=frozenset({"Person", "AI"}))
    drawn = Declared(both, both, has_draws=True)
    label = '<span class="label">{}</span>'
    assert reason(drawn, label.format("AI"), label.format("Person")) == "labels of partners, drawn for each match"
    assert reason(drawn, "<td>A (AI)</td>", "<td>A (Person)</td>") == "labels of partners, drawn for each match"
    assert reason(drawn, label.format("AI"), label.format("Robot")) == ""
    assert reason(drawn, "<p>a</p>", "<p>b</p>") == ""


def test_parameter_covers_numbers_and_its_own_words() -> None:
    assert reason(NUMBERED, "<p>Keep 10 points</p>", "<p>Keep 5 points</p>") == "parameters by reward"
    assert reason(NUMBERED, "<p>shown: none</p>", "<p>shown: last</p>") == "parameters by reward"
    assert reason(NUMBERED, '<input type="number" name="n" max="30">', '<input type="number" name="n" max="15">')
    assert reason(NUMBERED, "<p>Keep 10 points</p>", "<p>Keep 10 dear points</p>") == ""
    assert reason(Declared(), "<p>Keep 10 points</p>", "<p>Keep 5 points</p>") == ""


def test_named_place_covers_its_stage_or_its_step() -> None:
    named = Declared(places={"game/decide": "said so", "after": "and this"})
    assert reason(named, "<p>a</p>", "<p>b</p>") == "said so"
    assert reason(named, "<p>a</p>", "<p>b</p>", Key("after")) == "and this"
    assert reason(named, "<p>a</p>", "<p>b</p>", Key("game", "ask")) == ""


def test_condition_page_covers_its_own_text_and_not_what_is_asked() -> None:
    by = Declared(briefings={"briefing": "label"})
    at = Key("briefing")
    assert reason(by, '<div class="prose"><p>a</p></div>', '<div class="prose"><p>b</p></div>', at)
    assert reason(by, "<legend>a</legend>", "<legend>b</legend>", at) == ""
    assert reason(by, '<div class="prose"><p>a</p></div>', '<div class="prose"><p>b</p></div>') == ""
