"""The one exception of this app."""


class SchedulingError(Exception):
    """A visit cannot be planned or moved so. `code` is for programs, the text for whoever must find out why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
