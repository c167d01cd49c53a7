"""Conversations hold entries: messages, posts, comments, votes, edits, points. A document is the fold of its edits."""

from django.db import models

from events.clock import RapportNow
from flow.models import Act, Match
from matching.models import Seat
from scheduling.models import Session
from studies.models import Study


class CaseNumber(models.Model):
    """The number by which a study team speaks of what was found or reported. Append-only: `chat.case_numbers` draws it.

    It stays when what it stands for goes with the data of whoever asks for deletion: so a number that was read in a
    message names that, or nothing, for ever.
    """

    class Kind(models.TextChoices):
        FOUND = "found"
        REPORT = "report"

    study = models.ForeignKey(Study, models.PROTECT, related_name="case_numbers")
    kind = models.CharField(max_length=6, choices=Kind)
    number = models.PositiveIntegerField()  # in its study and of its kind, from 1

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "kind", "number"], name="case_number_once")]


class Conversation(models.Model):
    """One talk of one match. The row everybody locks to write; `last_seq` numbers entries without a gap.

    Attributes:
        edition: Of the rules by which every message of a person in it was screened; `SEVERAL` where they changed
            meanwhile, or it is not known; empty where nothing is.
    """

    SEVERAL = "several"

    match = models.ForeignKey(Match, models.PROTECT, related_name="conversations")
    path = models.CharField(max_length=120)
    channel = models.CharField(max_length=20)
    last_seq = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    edition = models.CharField(max_length=12, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path"], name="conversation_once")]


class Entry(models.Model):
    """One thing said or done in a conversation. Append-only."""

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12)
    text = models.TextField(blank=True)
    facts = models.JSONField(default=dict)  # {"to": seq} of a comment or vote, {"section": name} of an edit …
    key = models.CharField(max_length=60)  # idempotency key, unique per seat
    at = models.DateTimeField(db_default=RapportNow())
    # How it came about, see `chat.writing.Writing`. The browser's word, save for what an automated seat answers.
    answers = models.PositiveIntegerField(null=True)
    first_key_ms = models.PositiveIntegerField(null=True)
    sent_ms = models.PositiveIntegerField(null=True)
    edits = models.PositiveIntegerField(null=True)
    pastes = models.PositiveIntegerField(null=True)
    blurs = models.PositiveIntegerField(null=True)
    planned_at = models.DateTimeField(null=True)  # of an automated seat
    typing_at = models.DateTimeField(null=True)  # when it was to begin to write, where the others see that
    pauses = models.JSONField(default=list)  # and to stop: [seconds after that, seconds long] of each

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="entry_seq_once"),
            models.UniqueConstraint(fields=["conversation", "seat", "key"], name="entry_key_once"),
        ]


class Shown(models.Model):
    """The first line, page, or for an automated seat turn, with which a seat had the entries up to a number.

    Append-only, and gone with the data of whoever asks for deletion.
    """

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="shown")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "seat", "seq"], name="shown_once")]


class TypingShown(models.Model):
    """The first time that a seat's browser was told that another was writing. Append-only, as `Shown`.

    Attributes:
        begun_at: Since when the other was.
    """

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="typing_shown")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    writer = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seat", "writer", "begun_at"], name="typing_shown_once")
        ]


class EarlierShown(models.Model):
    """The first time that a seat opened an earlier conversation beside the one it was in. Append-only, as `Shown`."""

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="earlier_shown")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+")
    earlier = models.ForeignKey(Conversation, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "seat", "earlier"], name="earlier_shown_once")]


class Report(models.Model):
    """Something in a conversation that somebody in it wants the study team to look at.

    Only its answer is written later; its words are taken out with the data of who wrote them.
    """

    class Reason(models.TextChoices):
        HARM = "harm"
        CONTACT = "contact"
        DANGER = "danger"
        OTHER = "other"

    case = models.OneToOneField(CaseNumber, models.PROTECT, related_name="report")
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="reports")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="reports")
    key = models.UUIDField()  # of the form it came by
    reason = models.CharField(max_length=10, choices=Reason)
    text = models.TextField(blank=True)
    is_apart = models.BooleanField(default=False)  # they do not want to meet the others again: `matching.KeptApart`
    edition = models.CharField(max_length=12, blank=True)  # of the rules by which its text was screened, where it was
    last_seq = models.PositiveIntegerField()  # how far the conversation had come
    at = models.DateTimeField(db_default=RapportNow())
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)  # what was done, in the words of whoever did it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "key"], name="report_once")]


class Trigger(models.Model):
    """What the screening found in a message, or in a program's reply that was held. Append-only; holds no words.

    Attributes:
        seat: Who wrote it.
        key: Of the entry; of a held reply that of its turn.
        seq: Number of the entry; of a held reply that of the newest entry by then.
        rules: Names of the rules that were met, the gravest first.
        edition: Of the rules by which it was judged: `chat.screening_wordings.edition`. Empty in rows of before.
    """

    class Tier(models.TextChoices):
        NOTE = "note"
        OFFER = "offer"
        STOP = "stop"

    class Source(models.TextChoices):
        RULES = "rules"
        CLASSIFIER = "classifier"
        FAILED = "failed"  # the screening itself did: then the card is shown

    case = models.OneToOneField(CaseNumber, models.PROTECT, related_name="trigger")
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="triggers")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="triggers")
    is_reply = models.BooleanField(default=False)
    key = models.CharField(max_length=80)
    seq = models.PositiveIntegerField()
    tier = models.CharField(max_length=5, choices=Tier)
    source = models.CharField(max_length=10, choices=Source)
    rules = models.JSONField(default=list)
    edition = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seat", "is_reply", "key"], name="trigger_once"),
        ]


class SafetyStep(models.Model):
    """Something that followed from a trigger, or a break reminder that was shown. Append-only.

    Attributes:
        seat: Whom it concerns.
        trigger: None of a reminder.
        number: Of a reminder which one it was; of a reply how long it was held, in ms.
        words, verdict, by: Of an answer: what was done, whether there was risk, and the account that says so.
    """

    class What(models.TextChoices):
        CARD = "card"  # the card was on a page that was shown
        PAUSED = "paused"
        RESUMED = "resumed"
        STOPPED = "stopped"  # for the day, with full pay
        REPLACED = "replaced"
        ALERTED = "alerted"
        ANSWERED = "answered"
        BREAK = "break"

    class Verdict(models.TextChoices):
        RISK = "risk"
        NO_RISK = "no_risk"
        UNCLEAR = "unclear"

    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="safety_steps")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="safety_steps")
    trigger = models.ForeignKey(Trigger, models.PROTECT, related_name="steps", null=True)
    what = models.CharField(max_length=10, choices=What)
    number = models.PositiveIntegerField(default=0)
    words = models.TextField(blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trigger", "seat", "what"], name="safety_step_once"),
            models.UniqueConstraint(
                fields=["conversation", "seat", "what", "number"],
                condition=models.Q(trigger=None),
                name="safety_reminder_once",
            ),
        ]


class WordsTrigger(models.Model):
    """What the screening found in free text outside a conversation. Append-only; holds no words.

    Attributes:
        session: The visit in which it was written.
        report: Whose text it is, where it is one.
        act: In whose field `item` it stands, where it is of a game's decision. Otherwise it is an answer to a question,
            which `stage`, `item` and `attempt` name.
        rules, edition: As of a `Trigger`.
    """

    case = models.OneToOneField(CaseNumber, models.PROTECT, related_name="words_trigger")
    session = models.ForeignKey(Session, models.PROTECT, related_name="words_triggers")
    report = models.OneToOneField(Report, models.PROTECT, related_name="trigger", null=True)
    act = models.ForeignKey(Act, models.PROTECT, related_name="words_triggers", null=True)
    stage = models.CharField(max_length=40, blank=True)
    item = models.CharField(max_length=40, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    tier = models.CharField(max_length=5, choices=Trigger.Tier)
    source = models.CharField(max_length=10, choices=Trigger.Source)
    rules = models.JSONField(default=list)
    edition = models.CharField(max_length=12)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "stage", "item", "attempt"],
                condition=models.Q(report=None, act=None),
                name="words_trigger_once",
            ),
            models.UniqueConstraint(fields=["act", "item"], name="words_trigger_once_in_an_act"),
        ]


class WordsStep(models.Model):
    """Something that followed from what was found outside a conversation. Append-only.

    Attributes:
        session, page: Of a card: the page on which it was shown first, told from others as `flow.queries.rev_of` does.
        words, verdict, by: As of a `SafetyStep`.
    """

    class What(models.TextChoices):
        CARD = "card"
        ALERTED = "alerted"
        ANSWERED = "answered"

    trigger = models.ForeignKey(WordsTrigger, models.PROTECT, related_name="steps")
    what = models.CharField(max_length=10, choices=What)
    session = models.ForeignKey(Session, models.PROTECT, related_name="+", null=True)
    page = models.CharField(max_length=24, blank=True)
    words = models.TextField(blank=True)
    verdict = models.CharField(max_length=8, choices=SafetyStep.Verdict, blank=True)
    by = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trigger", "what"], name="words_step_once")]
