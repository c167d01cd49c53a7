"""What may go wrong when simulated people play."""


class SimulationError(Exception):
    """A simulated person could not go on, or a simulation could not be run. `code` is for programs.

    Codes: "not_entered" (the link did not let them in), "no_answer" (the server did not answer for long), "unexpected"
    (an answer that no browser could show), "refused" (the same page refused what was sent again and again),
    "unfinished" (time was up before they reached the end).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
