"""What may go wrong when somebody confirms that a model has changed."""


class DriftError(Exception):
    """Nothing was confirmed. `code` is for programs, the text names the remedy.

    Codes: "not_drifted" (no change of this model waits), "reason_missing".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
