"""What may go wrong in a seat without a person."""

SUPERSEDED = "model_superseded"
"""Another holder of the turn has asked since."""
FOREIGN_FACT = "foreign_fact"
"""A prompt would have told what only another seat knows: the experiment is at fault, and its game cannot go on."""
BLOCKED, NO_REPLY = "leak_blocked", "no_usable_reply"
UNUSABLE = frozenset({"model_refusal", "model_empty", "model_truncated", "model_bad_json", "model_wrong_schema"})
"""How a model fails that is there, and does not do as it is told."""
PROVOKED = UNUSABLE | {BLOCKED, NO_REPLY}
"""How it may be made to fail by what somebody says to it."""


class BotsError(Exception):
    """An automated seat cannot act. `code` is for programs and the turn's row, the text names the remedy.

    Codes: "policy_unknown", "policy_failed", "persona_unfit", "no_usable_reply", "leak_blocked", "foreign_fact",
    "run_no_game", "run_condition", "run_budget", "run_no_worker", "run_stopped", "model_<code>" for what the door to
    the models refused ("model_budget": a limit could be passed); "wizard_taken", "wizard_late", "wizard_words" where
    people write in a seat's place; "recording_…" and "replay_…" where groups are to be played again.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code[:30]
