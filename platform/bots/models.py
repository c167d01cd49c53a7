"""The turns of seats that nobody sits in, what those in them have noted of people, and groups of them alone."""

from django.db import models

from chat.models import Conversation
from events.clock import RapportNow
from flow.models import Match
from matching.models import Group, Seat
from participants.models import Participant
from studies.models import Study, Version


class BotTurn(models.Model):
    """One act a seat without a person was asked for: what was planned, and what came of it; in a talk, all it said.

    Attributes:
        regenerated: How often in a talk a reply was made anew because a person had written meanwhile.
        dropped: How often one was given up for that.
        silent: How often it chose to say nothing.
        yielded: How often another seat spoke in its place.
        unsaid: How many further messages of a reply that was said in several were never said.
        interruptions: How often in a row the reply under way was given up.
        read_to: The newest entry that was read when what is planned was decided.
        passed: The newest entry that was read when it last chose to say nothing.
        rests_until: Before when its model is not asked again, which has failed, whatever is said meanwhile.
        rest: What is still to be said of a reply that is said in several messages: values for the door, in order.
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        DELIVERED = "delivered"
        MISSED = "missed"  # planned to be late, as people sometimes are
        FAILED = "failed"  # the model gave nothing usable; the step's deadline decides
        OVERTAKEN = "overtaken"  # the step was over before it acted
        SILENT = "silent"  # a talk in which it chose to say nothing, and never said anything

    match = models.ForeignKey(Match, models.PROTECT, related_name="bot_turns")
    path = models.CharField(max_length=120)
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="bot_turns")
    planned_at = models.DateTimeField(null=True)  # null: a planned miss
    typing_at = models.DateTimeField(null=True)  # from when on it is seen to write, where a talk shows that
    delivered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    error_code = models.CharField(max_length=30, blank=True)
    regenerated = models.PositiveIntegerField(default=0)
    dropped = models.PositiveIntegerField(default=0)
    silent = models.PositiveIntegerField(default=0)
    yielded = models.PositiveIntegerField(default=0)
    unsaid = models.PositiveIntegerField(default=0)
    interruptions = models.PositiveSmallIntegerField(default=0)
    read_to = models.PositiveIntegerField(null=True)
    passed = models.PositiveIntegerField(null=True)
    rests_until = models.DateTimeField(null=True)
    rest = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["match", "path", "seat"], name="bot_turn_once")]


class FailedTurn(models.Model):
    """A turn in which a model gave nothing usable, and what the study file's `on_failure` made of it.

    In a talk a seat has many turns in one `BotTurn`: `made` tells which entry it was to be, `heard` what it answers.

    Attributes:
        made: How many entries its seat had made.
        heard: Number of the newest entry by somebody else that it was to answer; 0 where there was none, and at a
            decision. The same in `ReplyCheck` and `WizardReply`, so that their rows can be laid beside each other.
        error_code: Of the last try.
        tries: How often it was asked, each with all its attempts.
        did: The step of the policy that was taken last.
        is_answered: Whether the seat said or did something in the end.
    """

    class Did(models.TextChoices):
        RETRY = "retry"  # asked anew
        FALLBACK = "fallback"  # another model, which the file declares, was asked
        LINE = "line"  # a line was said
        PAUSE = "pause"  # asked again later; the talk lasts so much longer
        SILENCE = "silence"  # nothing was said
        DEADLINE = "deadline"  # nothing was chosen; the step's deadline decides
        END = "end"  # the talk is over, or the match void

    turn = models.ForeignKey(BotTurn, models.CASCADE, related_name="failures")
    made = models.PositiveIntegerField()
    heard = models.PositiveIntegerField()
    error_code = models.CharField(max_length=30)
    tries = models.PositiveSmallIntegerField()
    did = models.CharField(max_length=10, choices=Did)
    is_answered = models.BooleanField(default=False)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["turn", "made", "heard"], name="failed_turn_once")]


class ReplyCheck(models.Model):
    """A reply of a model that was not said as it came, or that answered whether it is a person. Never its words.

    Attributes:
        made: How many entries its seat had made.
        heard: As in `FailedTurn`.
        rule: What it was looked at for: a rule of `bots.gate`, or "asked_if_ai".
        asked_kind: The kind that was asked about.
        first: What the first reply claimed; "" where that could not be read, or was not asked.
        claims: What is claimed by what is said in the end.
        by: Who gave the words in the end.
    """

    class By(models.TextChoices):
        MODEL = "model"
        REGENERATED = "regenerated"  # its second reply, after it was told what was wrong
        LINE = "line"  # of the study file, or ours
        SAFETY = "safety"  # the line that stands for a held reply: see docs/safety.md
        WIZARD = "wizard"  # a person of the study team
        NOBODY = "nobody"  # the turn failed

    turn = models.ForeignKey(BotTurn, models.CASCADE, related_name="checks")
    made = models.PositiveIntegerField()
    heard = models.PositiveIntegerField()
    rule = models.CharField(max_length=12)
    asked_kind = models.CharField(max_length=6, blank=True)
    first = models.CharField(max_length=12, blank=True)
    claims = models.CharField(max_length=12, blank=True)
    by = models.CharField(max_length=12, choices=By)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["turn", "made", "heard", "rule"], name="reply_check_once")]


class WizardSeat(models.Model):
    """An automated seat of a conversation in whose place people of the study team may write, and who does now.

    The row everybody locks who asks, decides or lets time pass: so no message has two writers.

    Attributes:
        holder: Name of the account that sits behind it; "" where nobody does.
        lease_until: Until when, unless they are heard of again.
    """

    turn = models.OneToOneField(BotTurn, models.CASCADE, related_name="wizard_seat")
    holder = models.CharField(max_length=150, blank=True, default="")
    lease_until = models.DateTimeField(null=True)


class WizardReply(models.Model):
    """One message that a person of the study team was asked for, the draft that they were offered, and what came of it.

    Attributes:
        made: How many entries its seat had made.
        number: Which asking for that entry, from 1: there is another where nothing was said and somebody wrote on.
        heard: As in `FailedTurn`, when it was asked for.
        draft: What its model would say, values for the door; None where none was made, or it is deleted.
        error_code: Why there is none, where one was to be made.
        values: What was decided; None: nothing is said, or it is deleted.
        wizard: Name of the account that decided; "" where time did.
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        CHOSEN = "chosen"  # by a person
        LAPSED = "lapsed"  # nobody decided in time
        HELD = "held"  # the line that stands for a held reply was said: see docs/safety.md

    class By(models.TextChoices):
        PERSON = "person"  # in their own words
        MODEL = "model"  # its draft as it was
        MODEL_EDITED = "model_edited"  # its draft, changed by a person
        LINE = "line"  # of the study file
        SAFETY = "safety"
        NOBODY = "nobody"  # nothing was said

    turn = models.ForeignKey(BotTurn, models.CASCADE, related_name="wizard_replies")
    made = models.PositiveIntegerField()
    number = models.PositiveSmallIntegerField()
    heard = models.PositiveIntegerField()
    draft = models.JSONField(null=True)
    error_code = models.CharField(max_length=30, blank=True, default="")
    drafted_at = models.DateTimeField(null=True)
    values = models.JSONField(null=True)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.OPEN)
    by = models.CharField(max_length=12, choices=By, blank=True, default="")
    wizard = models.CharField(max_length=150, blank=True, default="")
    asked_at = models.DateTimeField(db_default=RapportNow())
    until = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["turn", "made", "number"], name="wizard_reply_once"),
            models.CheckConstraint(
                condition=models.Q(outcome="open", by="", decided_at=None)
                | (~models.Q(outcome="open") & ~models.Q(by="") & ~models.Q(decided_at=None)),
                name="wizard_reply_is_decided_with_its_outcome",
            ),
        ]


BY_MODEL = "model:"  # how `Memory.made_by` begins where a model wrote it


class Memory(models.Model):
    """One version of what a partner has noted of a person, as prompts hold it. Append-only: every version is kept.

    There is one for each conversation that is over, so the newest says how far the notes go. Messages themselves are
    not copied: who remembers them word for word reads them where they are.

    Attributes:
        partner: Its name in the study file.
        text: A line for each thing noted; "" where nothing was.
        sources: For each line, keys of the entries that it was made from.
        unsupported: Numbers, from 1, of the lines that no source of theirs supports by its words: see
            `bots.noting.support`. Of notes that a model took; rules by words copy what was said.
        made_by: Which rule wrote it, "scripted/facts-1"; or which model, "model:" and its name.
    """

    class Kind(models.TextChoices):
        SUMMARY = "summary"
        FACTS = "facts"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="memories")
    partner = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Kind)
    version = models.PositiveIntegerField()
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="memories")
    text = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    unsupported = models.JSONField(default=list)
    made_by = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(db_default=RapportNow())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "partner", "kind", "version"], name="memory_version_once"),
            models.UniqueConstraint(
                fields=["participant", "partner", "kind", "conversation"], name="memory_once_per_conversation"
            ),
        ]


class Noting(models.Model):
    """One attempt of a model to take notes of a conversation that is over, and what came of it.

    Written before the model is asked, so that whoever deletes a person's data knows that an answer may still come.

    Attributes:
        asked_at: When it was asked last; after a crash the same attempt goes on.
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        WRITTEN = "written"
        FAILED = "failed"  # the version before stays in force; it is tried again
        GIVEN_UP = "given_up"  # the last attempt failed: of this conversation nothing is noted
        DROPPED = "dropped"  # somebody else wrote the version meanwhile, or the person asked for deletion

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="notings")
    partner = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=Memory.Kind)
    conversation = models.ForeignKey(Conversation, models.PROTECT, related_name="notings")
    attempt = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    error_code = models.CharField(max_length=30, blank=True, default="")
    asked_at = models.DateTimeField(db_default=RapportNow())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "partner", "kind", "conversation", "attempt"], name="noting_once_per_attempt"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="open", ended_at=None)
                | (~models.Q(outcome="open") & ~models.Q(ended_at=None)),
                name="noting_ends_with_its_outcome",
            ),
        ]


class Sentinel(models.Model):
    """One reading of a model: the same prompts as ever, asked on a day of a study, to see whether it answers as before.

    Attributes:
        number: Which of that day, from 1; 0: as the study opened, out of turn.
        attempt: Which try at it, from 1: one that was not answered is made again, a few times.
        asked_sha256: Of the prompts and parameters; answers are compared only with answers to the same.
        served: The model that answered, as its provider names it.
        software: What the provider calls the software that answered, joined by a comma; "" where it named none.
        fingerprint: SHA-256 of that name and of each answer; "" where there is no reading.
        verdict: What it says beside the one in force: see `bots.drift.rules.Verdict`.
    """

    class Outcome(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        FAILED = "failed"

    study = models.ForeignKey(Study, models.PROTECT, related_name="sentinels")
    model = models.CharField(max_length=100)
    day = models.DateField()
    number = models.PositiveSmallIntegerField()
    attempt = models.PositiveSmallIntegerField(default=1)
    asked_sha256 = models.CharField(max_length=64)
    served = models.CharField(max_length=500, blank=True, default="")
    software = models.CharField(max_length=1300, blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    verdict = models.CharField(max_length=10, blank=True, default="")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    error_code = models.CharField(max_length=30, blank=True, default="")
    at = models.DateTimeField(db_default=RapportNow())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "model", "day", "number", "attempt"], name="sentinel_once")
        ]


class Drift(models.Model):
    """A model answers otherwise than before, or on other software, until somebody confirms that this is known.

    Attributes:
        kind: What differs: see `bots.drift.rules.Kind`.
        before: The reading that was in force; `after`: the first that differed.
        accepted: The reading that is in force since it was confirmed.
        by: Who confirmed it; "" for whoever works on the server.
    """

    study = models.ForeignKey(Study, models.PROTECT, related_name="drifts")
    model = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, default="answers")
    before = models.ForeignKey(Sentinel, models.PROTECT, related_name="+")
    after = models.ForeignKey(Sentinel, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=RapportNow())
    confirmed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    by = models.CharField(max_length=150, blank=True, default="")
    accepted = models.ForeignKey(Sentinel, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "model", "kind"], condition=models.Q(confirmed_at=None), name="drift_one_open_per_kind"
            )
        ]


class Batch(models.Model):
    """Groups without people that were ordered together by `study run`. It is over when all of them are.

    Attributes:
        number: Of the version, from 1.
        condition: Levels that every group of it has, "label=hidden"; others are given out in balance. "": all are.
        max_calls: Most attempts to ask a model, of all its groups together; None: no limit.
        status: "held" when its budget is used up: no turn is taken until it is ordered again with a higher one.
    """

    class Status(models.TextChoices):
        OPEN = "open"
        HELD = "held"
        DONE = "done"

    version = models.ForeignKey(Version, models.PROTECT, related_name="batches")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=40)
    condition = models.CharField(max_length=200, blank=True)
    wanted = models.PositiveIntegerField()
    max_calls = models.PositiveIntegerField(null=True)
    max_cost_usd = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    begun_at = models.DateTimeField(db_default=RapportNow())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="batch_number_once")]


class BatchGroup(models.Model):
    """One group of a batch, by its number in it: two runners at once cannot both make the third.

    Attributes:
        calls: Attempts to ask a model, once it is over; so are `cost_usd`, what they cost, `turns`, those taken, and
            `failed`, those in which nothing usable came.
        counted_at: When that was counted; None: it is counted anew each time.
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="members")
    number = models.PositiveIntegerField()
    group = models.OneToOneField(Group, models.CASCADE, related_name="in_batch")
    calls = models.PositiveIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    turns = models.PositiveIntegerField(null=True)
    failed = models.PositiveIntegerField(null=True)
    counted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="batch_group_once")]
