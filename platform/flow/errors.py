"""What may go wrong when somebody acts."""

from collections.abc import Mapping

from paradigm import FieldError


class FlowError(Exception):
    """The act was refused and nothing changed. `code` is for programs, the text for the log or the researcher.

    Codes: "refused" (see `errors`, by field key), "conflict" (same key, other body), "not_here" (no such seat, group or
    session, or not in a state that allows it).
    """

    def __init__(self, code: str, text: str, errors: Mapping[str, FieldError] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.errors = dict(errors or {})
