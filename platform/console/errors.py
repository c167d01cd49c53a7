"""What may go wrong on the researcher's pages."""


class ConsoleError(Exception):
    """Nothing changed. `code` is for programs, the text names the thing and the remedy.

    Codes: "link_unknown" (not there, or used), "not_a_demo" (a demo's account or link was asked for something else).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
