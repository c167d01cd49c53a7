"""What may go wrong when seats are filled."""


class MatchingError(Exception):
    """A group could not be made, and nothing was. `code` is for programs, the text names the remedy.

    Codes: "no_group" (the stage has no group), "no_occupant" (nobody may sit where a person is missing), "too_many".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
