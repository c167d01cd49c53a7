"""What may go wrong on the way into a study."""


class ParticipantError(Exception):
    """Somebody could not come in, and nothing changed. `code` is for programs, the text for the log.

    Codes: "unknown" (no such link, or no longer valid: never said which), "draft", "paused", "closed", "full" (the
    study takes nobody new; its sample is reached), "code_changed" (the installed experiment is not the one that was
    frozen), "model_changed" (a pinned language model answers otherwise than before, and nobody has confirmed it),
    "ended" (the participant has already left), "no_pilot" (the study file declares none), "letter_day" (no day on
    which a wish for deletion can have come). Of an address for reminders: "no_address" (what was given is none),
    "unreadable" (it was sealed with a key that is not there).
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
