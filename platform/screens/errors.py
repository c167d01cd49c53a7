"""What may go wrong when the pages of a study are drawn or compared."""


class ScreensError(Exception):
    """Pages could not be drawn or compared. `code` is for programs, the text names the remedy.

    Codes: "condition_unknown", "not_comparable", "no_condition" (the allocation never gave the one that was wanted),
    "no_group", "stuck" (a stage, or a step that nobody could end), "no_browser", "browser_failed"; of what models are
    told "nothing_asked", "no_model", and "stage_unknown", "role_unknown", "visit_unknown", "partner_unknown",
    "persona_unknown" for a name that there is not.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
