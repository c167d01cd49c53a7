"""Markdown, slots, the closed grammar, and items that follow the parameters."""

from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradigm import Choice, Points, Rating, Text
from studies import grammar, markdown
from studies.definition import stage_named
from studies.items import briefing_items, items
from studies.models import Version
from studies.problems import StudyError
from studies.slots import slots


def value(text: str, **names: Any) -> Any:
    return grammar.parse(text).value(names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("-pot / 4", -7.5),
        ("3 * 0.1", 0.3),
        ("pot - 12 >= 18 and pot < 31", True),
        ("pot == 1 or pot != 30", False),
        ("rate", Decimal("0.10")),
        ("rate * pot", 3),
        ("word", "hidden"),
    ],
)
def test_expression_has_its_value(text: str, expected: Any) -> None:
    assert value(text, pot=30, rate=Decimal("0.10"), word="hidden") == expected


@pytest.mark.parametrize(
    "text",
    ["", "1 +", "a b", "f(1)", "a.b", "a[0]", "__import__('os')", "1 < 2 < 3", "a = 1", "'x'", "a if b else c",
     "lambda", "9 ** 9", "a % 2", "(" * 40 + "1" + ")" * 40, "-" * 60 + "1", "1" * 201, "not a", "and", "é"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(StudyError) as refused:
        value(text, a=1, b=1, c=1)
    assert refused.value.code in {"expression", "slot_unknown"}


def test_division_by_zero_and_words_in_sums_are_refused() -> None:
    with pytest.raises(StudyError, match="divides by zero"):
        value("1 / (a - 1)", a=1)
    with pytest.raises(StudyError, match="no number"):
        value("a * 2 + 1", a="hidden")


@given(st.text(alphabet="ab12+-*/()<>=!. andor", max_size=40))
def test_grammar_gives_a_value_or_a_study_error(text: str) -> None:
    try:
        found = value(text, a=3, b=4)
    except StudyError:
        return
    assert isinstance(found, int | float | bool)


def test_slots_are_replaced_by_plain_values() -> None:
    html = markdown.render("You *get* {{ 3 * n }} of {{ who }}.", {"n": 10, "who": "**A** <b> [x](y)"})
    assert html == "<p>You <em>get</em> 30 of **A** &lt;b&gt; [x](y).</p>\n"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x]({{ bad }})",
        "![x](https://elsewhere.example/x.png)",
        "![x](//elsewhere.example/x.png)",
        "![x](/static/../../x.png)",
        "<a href='data:text/html,x'>x</a>",
        "{{ bad }}",
        "<style>*{}</style>",
    ],
)
def test_hostile_text_is_harmless(hostile: str) -> None:
    seen = Seen()
    seen.feed(markdown.render(hostile, {"bad": "javascript:alert(1)"}))
    for tag, attributes in seen.tags:
        assert tag in {"p", "a", "img"}
        assert not any(name.startswith("on") for name in attributes)
        assert "href" not in attributes
        assert "src" not in attributes


class Seen(HTMLParser):
    """Tags and attributes as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_own_picture_and_links_stay() -> None:
    html = markdown.render("![A tree](/static/tree.png) [Ask](mailto:{{ mail }})", {"mail": "a@b.org"})
    assert '<img src="/static/tree.png" alt="A tree">' in html
    assert 'href="mailto:a@b.org"' in html


def test_unknown_slot_is_an_error() -> None:
    with pytest.raises(StudyError, match='nothing is called "x"') as refused:
        markdown.render("{{ x }}", {"y": 1})
    assert refused.value.code == "slot_unknown"


def test_page_begins_with_its_heading() -> None:
    page = markdown.render_page("# Round {{ n }} <x>\n\nText\n\n## Part", {"n": 2})
    assert page.title == "Round 2 <x>"
    assert page.html == "<p>Text</p>\n<h2>Part</h2>\n"
    assert markdown.render_page("Text only", {}).title == ""


@pytest.mark.django_db
def test_quiz_follows_the_parameters(version: Version) -> None:
    keep, letters = items(version, "quiz.yaml", slots(version))
    assert keep.field == Points("keep", "You have 12 points and give 6. How many do you keep?", low=0, high=12)
    assert (keep.correct, keep.explain) == (6, "You keep 12 - 6 = 6.")
    assert keep.is_correct(keep.field.clean("6")) is True
    assert keep.is_correct(keep.field.clean("7")) is False
    assert isinstance(letters.field, Choice)
    assert letters.explain == "Letters are mixed anew in each of the 3 rounds."


@pytest.mark.django_db
def test_other_parameters_give_another_quiz(frozen: Callable[..., Version]) -> None:
    version = frozen("endowment: 12", "endowment: 40")
    keep = items(version, "quiz.yaml", slots(version))[0]
    assert isinstance(keep.field, Points)
    assert (keep.field.high, keep.correct) == (40, 20)


@pytest.mark.django_db
def test_right_answer_is_not_in_what_a_page_is_given(version: Version) -> None:
    for item in items(version, "quiz.yaml", slots(version)):
        assert not hasattr(item.field, "correct")
        assert "correct" not in repr(item)


@pytest.mark.django_db
def test_survey_items_are_fields_of_the_language(version: Version) -> None:
    age, fair, share, words = items(version, "survey.yaml", slots(version))
    assert isinstance(age.field, Points)
    assert isinstance(fair.field, Rating)
    assert isinstance(words.field, Text)
    assert (age.field.required, age.field.unit, age.is_correct(20)) == (False, "years", None)
    assert fair.field.low_label == "not at all"
    assert share.field.belief is not None
    assert share.field.belief.what == "type"


@pytest.mark.django_db
@pytest.mark.parametrize(("level", "right"), [("hidden", "told_no"), ("marked", "told_yes")])
def test_condition_check_has_the_answer_of_its_level(version: Version, level: str, right: str) -> None:
    stage = stage_named(version, "briefing")
    assert stage.kind == "briefing"
    (told,) = briefing_items(stage, {"label": level}, slots(version))
    assert told.is_correct(right) is True
    assert told.field.schema()["enum"] == ["told_yes", "told_no"]
