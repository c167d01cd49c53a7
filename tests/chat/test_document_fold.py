"""The document is the fold of its edits, whatever their order of arrival and however they are cut in two."""

from hypothesis import given
from hypothesis import strategies as st

from chat.channels import Document
from paradigm import Entry

SECTIONS = ("facts", "options", "advice")
edits = st.lists(
    st.tuples(st.sampled_from(SECTIONS), st.text(max_size=12), st.integers(1, 4), st.sampled_from(["edit", "message"])),
    max_size=30,
).map(lambda rows: [entry(seq, *row) for seq, row in enumerate(rows, start=1)])


def entry(seq: int, section: str, text: str, seat: int, kind: str) -> Entry:
    return Entry(seq=seq, seat=seat, kind=kind, text=text, facts={"section": section})


@given(edits)
def test_each_section_holds_its_last_edit(entries: list[Entry]) -> None:
    folded = Document.document(entries, SECTIONS)
    for section in SECTIONS:
        own = [e.text for e in entries if e.kind == "edit" and e.facts["section"] == section]
        assert folded[section] == (own[-1] if own else "")


@given(edits, st.randoms())
def test_order_of_arrival_does_not_matter(entries: list[Entry], chance: object) -> None:
    mixed = list(entries)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert Document.document(mixed, SECTIONS) == Document.document(entries, SECTIONS)


@given(edits, st.integers(0, 30))
def test_later_edits_build_on_an_earlier_document(entries: list[Entry], cut: int) -> None:
    before = Document.document(entries[:cut], SECTIONS)
    after = Document.document(entries[cut:])
    assert {**before, **after} == Document.document(entries, SECTIONS)


@given(edits)
def test_folding_twice_changes_nothing(entries: list[Entry]) -> None:
    assert Document.document([*entries, *entries], SECTIONS) == Document.document(entries, SECTIONS)
