"""What may go wrong when seats are filled."""


class MatchingError(Exception):
    """A group could not be made, and nothing was. `code` is for programs, the text names the remedy.

    Codes: "no_group" (the stage has no group), "no_occupant" (nobody may sit where a person is missing), "too_many",
    "model_changed" and "persona_changed" (a partner is not what the person met before, and it is pinned).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
