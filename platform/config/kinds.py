"""Who implements what: kind of thing → name → dotted path."""

KINDS: dict[str, dict[str, str]] = {
    "step": {
        "Decision": "flow.steps.DecisionStep",
        "Show": "flow.steps.ShowStep",
        "Talk": "chat.talks.TalkStep",
    },
    "entries": {
        "read": "chat.queries.entries_of",
        "count": "chat.queries.count_of",
    },
    "stage": {
        "game": "flow.stages.game.GameStage",
    },
}
