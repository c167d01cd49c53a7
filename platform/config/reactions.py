"""What follows from what: event kind -> the reactions that are due. Only here may a lower app cause work above it.

`events.log.record` writes one `Due` row per entry in the transaction of the event. Handlers under `bots.` are
coroutines and run on the bots' loop; all others are plain functions and run in the jobs worker. Every handler may run
twice. A coarse key makes one open row of many events: `Reaction("bots.turns.hear", key="conversation:{subject_id}")`.
"""

from events.reaction import Reaction

# Whether a study has its people. A row for each cause: one for a whole study would be waited for by transactions that
# hold groups and sessions, in either order.
_SAMPLE = Reaction("recruitment.tasks.look_at_sample", key="{study}:{subject_kind}:{subject_id}", after_seconds=1)

# Whether its language models still answer as before.
_SENTINELS = Reaction("bots.drift.probing.begin", key="study:{study}", concerns="sentinels")

# The list beside the backups. Without a hint, so that a sweeper takes it: its host has the folder.
_LIST = Reaction("config.backups.listed.keep", key="{subject_kind}:{subject_id}", after_seconds=1)

REACTIONS: dict[str, list[Reaction]] = {
    # Whoever joins or is ready tries at once, after the commit: `flow.services.forming.try_after_commit`.
    "ticket.joined": [Reaction("flow.tasks.form_groups", key="{version}:{stage}", after_seconds=2)],
    "ticket.ready": [Reaction("flow.tasks.form_groups", key="{version}:{stage}", after_seconds=2)],
    "study.amended": [Reaction("flow.tasks.ask_again", key="study:{study}"), _SAMPLE, _SENTINELS],
    # What is asked for twice is done once; while the person's group still plays, the handler puts it off.
    "participant.withdrawn": [Reaction("exports.tasks.erase", key="participant:{subject_id}"), _LIST],
    "study.purged": [_LIST],
    "rescue.withdraw": [Reaction("exports.tasks.erase", key="participant:{subject_id}")],
    "study.opened": [_SAMPLE, _SENTINELS],
    "consent.given": [_SAMPLE],
    "group.formed": [_SAMPLE],
    "group.ended": [_SAMPLE],
    "session.finished": [_SAMPLE],
    "due.failed": [Reaction("flow.tasks.last_resort")],
    # The key names one turn: a match's revision and a seat, which `bots.queries.address_of` reads from it.
    "turn.opened": [Reaction("bots.turns.take_turn", key="{match}:{rev}:{subject_id}")],
    # Where no program may sit there is nobody to hear: `chat.storing` says so of each entry.
    "chat.entry": [Reaction("bots.turns.hear", key="conversation:{subject_id}", concerns="programs")],
    "talk.ready": [Reaction("bots.turns.hear", key="conversation:{subject_id}")],
    "safety.resumed": [Reaction("bots.turns.hear", key="conversation:{subject_id}")],
    # One row for each message: whoever is on call is told of every one.
    "safety.alert": [Reaction("chat.safety.alerts.send", key="trigger:{trigger}")],
    "safety.words_alert": [Reaction("chat.safety.alerts.send_of_words", key="words:{trigger}")],
    "chat.report_alert": [Reaction("chat.report_alerts.send", key="report:{report}")],
    # Bound to the pair: whoever has another partner by then keeps that one.
    "chat.parting_wished": [Reaction("flow.tasks.part_as_wished", key="pair:{pair}")],
    "talk.closed": [Reaction("bots.notes.after_talk", key="conversation:{subject_id}")],
}
