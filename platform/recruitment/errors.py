"""What may go wrong with pay."""


class RecruitmentError(Exception):
    """A person could not be paid as the study file says. `code` is for programs, the text names the remedy.

    Codes: "not_ended" (no exit yet), "exit_unknown" (the study file declares no such exit).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
