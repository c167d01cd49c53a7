"""What may go wrong when data are asked for."""


class ExportError(Exception):
    """Nothing was given out. `code` is for programs, the text names the thing and the remedy.

    Codes: "folder_not_empty", "held_back", "inside_transaction", "no_reason", "not_due", "not_for_this_session",
    "not_outdated", "not_withheld", "still_playing", "unknown_table".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
