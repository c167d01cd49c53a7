"""What may go wrong with an entry."""


class ChatError(Exception):
    """An entry was refused and nothing changed. `code` is for programs, the text names the thing and the remedy.

    Codes: "no_conversation", "not_here" (the seat is not in this match, or may not speak), "closed", "quota",
    "conflict" (the key was used for another body), "key", "kind", "empty", "too_long", "characters", "facts", "target",
    "section".
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
