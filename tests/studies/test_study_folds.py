"""What only those read who open it."""

from studies.markdown import render

TEXT = """The best you can do is to say what you believe.

::: How {{ what }} wins

It wins *more often* if it is close.

:::

More."""


def test_fold_is_closed_and_names_what_is_in_it() -> None:
    html = render(TEXT, {"what": "<b>it</b>"})
    assert "<details><summary>How &lt;b&gt;it&lt;/b&gt; wins</summary>" in html
    assert "<p>It wins <em>more often</em> if it is close.</p>\n</details>" in html
    assert html.endswith("<p>More.</p>\n")


def test_fold_without_an_end_is_shown_as_it_stands() -> None:
    html = render(TEXT.replace("\n\n:::\n\nMore.", ""), {"what": "it"})
    assert "<details>" not in html
    assert "::: How it wins" in html


def test_colons_within_a_sentence_are_only_colons() -> None:
    assert render("One ::: two", {}) == "<p>One ::: two</p>\n"
