"""What every column of the database may hold that takes text: who adds a table says so here.

A column that is not declared fails `test_all_tables`. One that is declared to hold words of people is planted with some
there, and looked into after an erasure and after a purge: add to `planting.py` how a row comes to hold them.
"""

from collections.abc import Iterator
from enum import StrEnum


class Holds(StrEnum):
    """What becomes of it."""

    WORDS = "words"  # what somebody wrote, or what may repeat it: goes with their wish, and with `texts`
    TRACE = "trace"  # hashes of such words, and keys of forms: goes with their wish, or is made anew
    OWN = "own"  # what somebody picked, was shown or drew: goes with their wish, stays in a purge
    STAYS = "stays"  # theirs, and stays also then: consent, pay, the slot (docs/consent-and-debrief.md says why)
    CONTACT = "contact"  # leads to somebody: goes with `contact`
    PAYMENT = "payment"  # by what a payment is matched: goes with `payments`
    FORMS = "forms"  # goes with `technical`
    CODE = "code"  # the number of somebody: is another after `codes`
    TEAM = "team"  # words, names and secrets of researchers: nothing of participants may be written there
    DESIGN = "design"  # of the study file, or drawn by its rules
    STATE = "state"  # a word of the platform's own


W, T, O, S = Holds.WORDS, Holds.TRACE, Holds.OWN, Holds.STAYS  # noqa: E741  in a table they are read at a glance
TEAM, DESIGN, STATE = Holds.TEAM, Holds.DESIGN, Holds.STATE

COLUMNS: dict[str, dict[Holds, str]] = {
    "auth_group": {TEAM: "name"},
    "auth_permission": {STATE: "name codename"},
    "auth_user": {TEAM: "password username first_name last_name email"},
    "django_content_type": {STATE: "app_label model"},
    "django_migrations": {STATE: "app name"},
    "django_session": {TEAM: "session_key session_data"},
    "console_demoentry": {TEAM: "token_sha256"},
    "events_event": {STATE: "kind subject_kind", W: "facts"},  # the reasons that researchers write of somebody
    "events_due": {STATE: "reaction queue key facts outcome error_code"},
    "events_beat": {STATE: "name facts"},
    "studies_study": {STATE: "status", DESIGN: "slug title"},
    "studies_membership": {TEAM: "role"},
    "studies_sourcefile": {DESIGN: "sha256 text"},
    "studies_version": {DESIGN: "definition sha256 seed experiment_sha256", TEAM: "reason"},
    "studies_versionfile": {DESIGN: "path file_id"},
    "studies_slot": {DESIGN: "condition", STATE: "holder_kind place", S: "stratum profile"},
    "studies_allocation": {STATE: "unit place since act reason"},
    "studies_deviation": {STATE: "kind role", TEAM: "reason by"},
    "participants_participant": {
        Holds.CODE: "code", Holds.CONTACT: "token_sha256 zone", STATE: "origin status exit",
    },
    "participants_entrylink": {Holds.CONTACT: "token_sha256", STATE: "origin"},
    "participants_consent": {DESIGN: "document document_sha256 language", S: "ticks"},
    "participants_contact": {Holds.CONTACT: "sealed_address stop_sha256 sealed_stop"},
    "participants_erasurerequest": {STATE: "by"},
    "scheduling_session": {STATE: "wave status planned_exit", W: "facts"},
    "scheduling_scheduledsession": {STATE: "wave state reason exit", Holds.CONTACT: "zone"},
    "scheduling_reminder": {STATE: "channel state reason"},
    "scheduling_pair": {STATE: "code status end_reason", DESIGN: "group"},
    "scheduling_pairvisit": {STATE: "wave outcome"},
    "matching_topicorder": {DESIGN: "stage sequence topics"},
    "matching_ticket": {STATE: "stage status"},
    "matching_group": {STATE: "code stage status end_reason origin", DESIGN: "condition topic"},
    "matching_seat": {STATE: "occupant status", DESIGN: "role kind partner policy label knows settings dealt"},
    "matching_partnerinstance": {DESIGN: "partner display_name persona persona_sha256 model"},
    "flow_match": {STATE: "status path void_path", DESIGN: "edges condition"},
    "flow_placing": {DESIGN: "position condition label"},
    "flow_act": {STATE: "path source edition", W: "values", T: "key"},
    "flow_award": {DESIGN: "path field what"},
    "flow_exposure": {STATE: "path", W: "view", T: "sha256"},
    "flow_practicestep": {STATE: "stage role path", W: "view values", T: "sha256"},
    "flow_submission": {Holds.FORMS: "stage rev body_sha256 outcome"},
    "flow_debriefing": {STATE: "how"},
    "llm_call": {
        STATE: "scope model_requested model_served parameters schema_sha256 outcome price finish_reason "
        "system_fingerprint",
        W: "prompt output error", T: "prompt_sha256 memory_sha256 request_id",
    },
    "llm_account": {STATE: "key root name soft_told hard_told"},
    "llm_charge": {STATE: "root line keys state"},
    "chat_casenumber": {STATE: "kind"},
    "chat_conversation": {STATE: "path channel edition"},
    "chat_entry": {STATE: "kind", W: "text facts", T: "key", DESIGN: "pauses"},  # of facts what is pointed at
    "chat_report": {STATE: "reason edition", W: "text answer"},
    "chat_trigger": {STATE: "tier source edition", O: "rules", T: "key"},
    "chat_wordstrigger": {STATE: "tier source edition", DESIGN: "stage item", O: "rules"},
    "chat_wordsstep": {STATE: "what verdict page", W: "words", TEAM: "by"},
    "chat_safetystep": {STATE: "what verdict", W: "words", TEAM: "by"},  # what the team did about somebody, in words
    "measures_answer": {DESIGN: "stage item", STATE: "edition", W: "value"},
    "measures_scaledrawn": {DESIGN: "stage scale", O: "shown left_out"},
    "measures_pageshown": {DESIGN: "stage source", W: "facts", T: "sha256"},  # of facts what only this page was given
    "bots_botturn": {STATE: "path outcome error_code", W: "rest"},
    "bots_failedturn": {STATE: "error_code did"},
    "bots_replycheck": {STATE: "rule by", O: "asked_kind first claims"},  # goes as a row, with what was asked
    "bots_wizardseat": {TEAM: "holder"},
    "bots_wizardreply": {W: "draft values", STATE: "error_code outcome by", TEAM: "wizard"},
    "bots_memory": {DESIGN: "partner kind made_by", W: "text", O: "sources unsupported", T: "sha256"},
    "bots_noting": {DESIGN: "partner kind", STATE: "outcome error_code"},
    "bots_sentinel": {DESIGN: "model", STATE: "asked_sha256 served software fingerprint verdict outcome error_code"},
    "bots_drift": {DESIGN: "model", STATE: "kind", TEAM: "reason by"},
    "bots_batch": {DESIGN: "stage condition", STATE: "status"},
    "recruitment_settlement": {STATE: "exit currency", S: "explanation", Holds.PAYMENT: "code"},
    "exports_tombstone": {STATE: "rule what", TEAM: "by"},
    "exports_release": {STATE: "sha256 table left_out", TEAM: "retired_by"},
    "simulation_simulationrun": {TEAM: "mode seed assumptions not_clean_because differences report"},
}  # fmt: skip


ANYTHING = "*"
JSON_KEYS: dict[str, str] = {
    "events_event.facts": ANYTHING,  # each kind of event has its own; `reason` is the only one that holds words
    "events_due.facts": ANYTHING,
    "events_beat.facts": ANYTHING,
    "studies_version.definition": ANYTHING,
    "studies_version.experiment_sha256": ANYTHING,
    "participants_consent.ticks": ANYTHING,  # the boxes of the study file: yes or no
    "scheduling_session.facts": ANYTHING,  # emptied as a whole
    "matching_topicorder.topics": "",
    "matching_seat.settings": ANYTHING,  # drawn by the study file's rules
    "matching_seat.dealt": ANYTHING,
    "flow_match.edges": "",
    "flow_act.values": ANYTHING,  # by field: what the experiment declares as an option or a number stays
    "flow_exposure.view": ANYTHING,  # `exports.redaction.wordless` says which parts hold words
    "flow_practicestep.view": ANYTHING,
    "flow_practicestep.values": ANYTHING,
    "llm_call.parameters": ANYTHING,
    "llm_call.prompt": ANYTHING,
    "llm_call.price": ANYTHING,
    "llm_charge.keys": "",
    "chat_entry.facts": "to value section thing",
    "chat_entry.pauses": "",
    "chat_trigger.rules": "",
    "chat_wordstrigger.rules": "",
    "measures_answer.value": "",
    "measures_scaledrawn.shown": "",
    "measures_scaledrawn.left_out": "",
    "measures_pageshown.facts": "title asked worded lead instruction buttons hint given tables",
    "bots_botturn.rest": ANYTHING,  # values for a talk's door; emptied as a whole
    "bots_wizardreply.draft": ANYTHING,  # as `rest`
    "bots_wizardreply.values": ANYTHING,
    "bots_memory.sources": "",
    "bots_memory.unsupported": "",
    "recruitment_settlement.explanation": "what amount_minor because",
    "exports_release.left_out": "",
    "simulation_simulationrun.assumptions": ANYTHING,
    "simulation_simulationrun.not_clean_because": ANYTHING,
    "simulation_simulationrun.differences": ANYTHING,
    "simulation_simulationrun.report": ANYTHING,
}
"""Every column of JSON → the keys of what stands in it; none where it holds no objects.

Which of them hold words of people, and so go in a purge, is what `exports.holdings` knows: a new key is a new question.
"""


def declared() -> dict[str, Holds]:
    """ "table.column" → what it holds."""
    return {
        f"{table}.{column}": holds
        for table, parts in COLUMNS.items()
        for holds, columns in parts.items()
        for column in columns.split()
    }


def that_hold(*wanted: Holds) -> Iterator[str]:
    """The columns that hold one of some things."""
    return (place for place, holds in declared().items() if holds in wanted)
