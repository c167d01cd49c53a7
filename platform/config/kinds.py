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
        "offers_end": "chat.ending.offers_end",
        "is_silent": "chat.silence.is_silent",
        "keep_shown": "chat.services.keep_shown",
    },
    "typing": {
        "by_person": "chat.notices.by_person",
        "seen": "chat.notices.seen_by",
        "keep": "chat.services.keep_typing",
    },
    "lines": {
        "say": "chat.saying.say",
        "new": "chat.lines.new",
    },
    "earlier": {
        "page": "chat.earlier.page",
        "keep": "chat.services.keep_earlier",
    },
    "safety": {
        "standing": "chat.safety.pages.standing",
        "stops": "chat.safety.pages.stops",
        "shown": "chat.safety.pages.keep_shown",
        "frame": "chat.safety.pages.support_of",
        "look": "chat.safety.words.look_at_answer",
        "look_at_act": "chat.safety.words.look_at_act",
        "offer": "chat.safety.pages.with_card",
    },
    "screening": {
        "has_rules": "chat.screening.has_rules",
        "edition": "chat.screening_wordings.edition",
    },
    "report": {
        "page": "chat.reports.page",
        "take": "chat.reports.take",
    },
    "visit": {
        "start": "flow.services.sessions.start",
    },
    "channel": {
        "chat": "chat.channels.Chat",
        "feed": "chat.channels.Feed",
        "document": "chat.channels.Document",
    },
    "answers": {
        "last": "measures.queries.last_answers",
    },
    "pages": {
        "keep": "measures.services.keep_page",
    },
    "sample": {
        "full": "recruitment.sample.full",
        "reasons": "recruitment.sample.reasons",
    },
    "models": {
        "changed": "bots.drift.queries.stopping",
    },
    "tables": {
        "columns": "exports.tables.columns_of",
    },
    "own_rows": {
        "rows": "exports.own_steps.record_of",
    },
    "own_copy": {
        "of": "exports.own_copy.copy_of",
    },
    "wizards": {
        "wrote": "bots.wizards.queries.wrote_to",
    },
    "occupant": {
        "policy": "bots.by_policy.PolicyOccupant",
        "model": "bots.by_model.ModelOccupant",
    },
    "stage": {
        "consent": "flow.stages.consent.Consent",
        "instructions": "flow.stages.instructions.Instructions",
        "quiz": "measures.stages.Quiz",
        "waiting_room": "flow.stages.meeting.room_of",
        "briefing": "measures.stages.Briefing",
        "game": "flow.stages.game.GameStage",
        "practice": "flow.stages.practice.PracticeOfGame",
        "survey": "measures.surveys.Survey",
        "debrief": "flow.stages.debrief.Debrief",
    },
    "zone": {
        "ask": "flow.stages.zone.AskZone",
    },
    "closed": {
        "wait": "flow.stages.closed.Closed",
    },
    "address": {
        "ask": "flow.stages.address.AskAddress",
    },
    "reminders": {
        "email": "flow.mail.Email",
        "recruiter_message": "recruitment.messages.ByRecruiter",
    },
    "recruiter": {
        "own_links": "recruitment.adapters.OwnLinks",
        "files": "recruitment.adapters.Files",
    },
    "consent": {
        "again": "flow.stages.consent.ConsentAgain",
    },
    "exit": {
        "settle": "recruitment.services.settle",
        "page": "recruitment.stages.end_page",
        "submit": "recruitment.stages.end_submit",
    },
    "pay": {
        "so_far": "recruitment.so_far.pay_so_far",
    },
    "field": {
        "text": "paradigm.Text",
        "points": "paradigm.Points",
        "rating": "paradigm.Rating",
        "circles": "paradigm.Circles",
        "choice": "paradigm.Choice",
        "tick": "flow.stages.consent.Tick",
        "zone": "flow.zones.Zone",
        "email": "flow.addresses.Email",
        "finish": "chat.forms.Finish",
    },
}
