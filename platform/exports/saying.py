"""What words say of who writes them: columns beside every text. They are no text, and stay where texts are left out."""

from exports.columns import Column
from measures.identity import MARKER, marks_of

SOURCE = f"marker by words {MARKER}, docs/identity.md"
NO_WORDS = "there are no words, or see `missing_reason`"

SAYS_COLUMNS = (
    Column(
        "claimed_kind",
        "What the words claim their writer to be, as far as a marker by words tells.",
        allowed="human|ai|both",
        missing=f"they claim nothing, or {NO_WORDS}",
        source=SOURCE,
    ),
    Column(
        "asked_kind",
        "Which kind the words ask another whether it is, as far as a marker by words tells.",
        allowed="human|ai|either",
        missing=f"they ask nothing of the kind, or {NO_WORDS}",
        source=SOURCE,
    ),
    Column(
        "announces_identity",
        "1 if the words say who their writer is across rounds, as far as a marker by words tells.",
        "boolean",
        missing=NO_WORDS,
        source=SOURCE,
    ),
)


def said_of(text: str | None) -> dict[str, object]:
    """The cells of these columns for a text; empty where there is none."""
    if not text:
        return dict.fromkeys((column.name for column in SAYS_COLUMNS), None)
    marks = marks_of(text)
    return {
        "claimed_kind": marks.claimed_kind,
        "asked_kind": marks.asked_kind,
        "announces_identity": marks.announces_identity,
    }
