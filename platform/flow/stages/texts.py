"""The frozen texts of a study's pages, with their slots filled."""

from studies import definition
from studies.markdown import Rendered, render_page
from studies.models import Version
from studies.slots import slots


def text_of(version: Version, path: str, **given: object) -> Rendered:
    """A page's heading and safe HTML.

    Args:
        given: What only this page knows, beyond the names that every page of the study may use.

    Raises:
        StudyError: "file_unknown"; after a successful check, nothing else.
    """
    return render_page(definition.text(version, path), slots(version) | given)
