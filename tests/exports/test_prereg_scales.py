"""A preregistration says of each scale where it comes from, when it is asked, and how it is scored."""

import pytest

from exports.prereg_scales import lines_of, scales_in
from studies.schema import StudyFile
from tests.exports import rows
from tests.studies.test_scale_checks import SCALE


def lines(text: str, **stage: object) -> list[str]:
    said = {key: value for key, value in rows.definition("choosing").items() if key != "frozen"}
    stages = [one | stage if one["id"] == "after" else one for one in rows.STAGES]
    study = StudyFile.model_validate(said | {"waves": [{"id": "main", "stages": stages}]})
    return list(lines_of(scales_in(study, {"scales/near.yaml": text})))


def test_scale_is_registered_with_its_source_and_rules() -> None:
    head, asked, score = lines(rows.SCALE)
    assert head == ("* Scale `near`: Closeness. Written for tests. (**not validated in this wording**; licence: own)")
    assert asked == "  * Asked at `after`, in the order of its file."
    assert score == (
        "  * Score of the scale (all items): mean of kind, cold (reversed), each from 1 to 7. Least answered: all that "
        "were asked; with answers missing the mean of the answers, marked as prorated."
    )


def test_what_is_drawn_skipped_and_attested_is_registered_too() -> None:
    attested = '{status: permission_unclear, attestation: {by: A. Person, on: "2026-05-01", reference: e-mail}}'
    head, asked, *scores = lines(SCALE.replace("{status: own}", attested), may_skip=True)
    assert "licence: permission_unclear, attested by A. Person on 2026-05-01, e-mail" in head
    for said in (
        "`after` (questions may be skipped), in an order drawn",
        "Each person gets 1 of 2 blocks in each session (first: w1, o1;",
        "Attention items: read.",
    ):
        assert said in asked
    assert [one.partition(":")[0] for one in scores] == [
        "  * Score `warm` (How warm it was)",
        "  * Score `open` (How open it was)",
        "  * Score of the scale (all items)",
    ]
    assert "read" not in scores[-1]


@pytest.mark.parametrize(
    ("method", "words"), [("sum", "their mean times the number of items"), ("mean", "the mean of")]
)
def test_what_becomes_of_missing_answers_is_registered(method: str, words: str) -> None:
    assert f"with answers missing {words}" in lines(rows.SCALE.replace("method: mean", f"method: {method}"))[-1]
