"""Reminders that could never be sent, would say too little, or need what a recruiter cannot do."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings

from studies.checks.context import Context, meant, needs
from studies.checks.waves import DAY, NOTHING, nominal
from studies.horizon import is_told_to_all
from studies.markdown import slot_names
from studies.reminders import OWN_LINKS, SHIPPED, adapter_of, recruiter, shipped_text, text_path
from studies.schema_reminders import Reminders
from studies.schema_waves import Reminder, Wave
from studies.sources import SourceError
from studies.spans import clock, spelled
from studies.yaml_file import Path

NEEDED = ("link", "stop_link")
Timing = tuple[str, str, str]
"""Which key of `at`, what, remedy."""


def declared(context: Context) -> Iterator[tuple[Path, Wave, Reminder]]:
    """Every reminder with its path and its wave."""
    for at, wave in enumerate(context.study.waves):
        for number, rule in enumerate(wave.reminders):
            yield ("waves", at, "reminders", number), wave, rule


@needs("waves", "reminders")
def reminders_have_a_way(context: Context) -> None:
    """E310, E311, E319: reminders say how they are sent, are of visits that are planned, and each stands once."""
    rules = list(declared(context))
    if rules and context.study.reminders is None:
        remedy = "Write reminders: {channels: [email]} beside waves."
        context.say("E310", rules[0][0], "nothing says by which channel it is sent.", remedy)
    if not rules and context.study.reminders is not None:
        remedy = 'Write reminders: [{at: {from: opens, plus: "0m"}, if: not_started}] in a wave, or take it out.'
        context.say("E310", ("reminders",), "no wave has a reminder.", remedy)
    for path, wave, _ in rules:
        if path[1] == 0:
            what = "the first wave opens when somebody comes; there is nothing to be reminded of."
            context.say("E311", path, what, "Take it out, or put it into a later wave.")
        same = [other for other in wave.reminders if _when(other) == _when(wave.reminders[int(path[3])])]
        if len(same) > 1 and same[0] is not wave.reminders[int(path[3])]:
            context.say("E319", path, "the same time and condition stand twice.", "Keep one of them.")


def _when(rule: Reminder) -> tuple[str, timedelta, str]:
    length = nominal(rule.at.plus) if rule.at.plus is not None else -nominal(rule.at.minus or "0m")
    return rule.at.since, length, rule.only_if


@needs("waves")
def times_are_within_the_visit(context: Context) -> None:
    """E312, E313: each reminder has one time, at which what it is sent for can be so."""
    for path, wave, rule in declared(context):
        if (rule.at.plus is None) == (rule.at.minus is None):
            what = "has both plus and minus." if rule.at.plus else "has neither plus nor minus."
            context.say("E312", (*path, "at"), what, 'Write {from: opens, plus: "24h"} or {from: closes, minus: "4h"}.')
        elif path[1] != 0 and wave.closes is not None:
            for key, what, remedy in _misplaced(wave, rule):
                context.say("E313", (*path, "at", key), what, remedy)


def _misplaced(wave: Wave, rule: Reminder) -> Iterator[Timing]:
    assert wave.closes is not None
    length, grace = nominal(wave.closes.after), nominal(wave.grace)
    plus, minus = (nominal(one) if one is not None else None for one in (rule.at.plus, rule.at.minus))
    may_be_late = rule.only_if != "not_started"
    if rule.at.since == "opens" and minus is not None:
        if minus == NOTHING:
            yield "minus", "is nothing.", 'Write plus: "0m" for the opening itself.'
        elif rule.only_if == "started_not_completed":
            yield "minus", "nobody has begun a visit before it opens.", "Write plus."
    elif rule.at.since == "opens" and plus is not None and plus >= length + (grace if may_be_late else NOTHING):
        what = f"{spelled(plus)} after it opened the visit is over: it closes after {wave.closes.after}."
        yield "plus", what, "Remind earlier."
    elif rule.at.since == "closes" and minus is not None and minus > length:
        what = f"{spelled(minus)} before it closes the visit is not open yet: it closes after {wave.closes.after}."
        yield "minus", what, "Remind later, or count from opens."
    elif rule.at.since == "closes" and plus is not None and (not may_be_late or plus >= grace):
        what = "the visit is over by then." if may_be_late else "nobody can begin it any more."
        yield "plus", what, "Write minus; plus is for whoever has begun, as long as `grace` lasts."


@needs("reminders")
def quiet_hours_leave_time(context: Context) -> None:
    """E314: quiet hours have a beginning and an end."""
    rule = context.study.reminders
    if rule is not None and rule.quiet_hours is not None and rule.quiet_hours[0] == rule.quiet_hours[1]:
        remedy = 'Write two times, such as ["21:00", "08:00"], or null for none.'
        context.say("E314", ("reminders", "quiet_hours"), "begin and end at the same time.", remedy)


@needs("reminders", "recruitment")
def channels_can_be_used(context: Context) -> None:
    """E315, E316: each channel stands once, the adapter exists, and it can do what a channel asks of it."""
    adapter, known = adapter_of(context.study), settings.KINDS["recruiter"]
    if adapter not in known:
        context.say("E315", ("recruitment", "adapter"), f'no adapter is called "{adapter}".', meant(adapter, known))
        return
    channels = context.study.reminders.channels if context.study.reminders is not None else []
    for at, channel in enumerate(channels):
        path: Path = ("reminders", "channels", at)
        if channel in channels[:at]:
            context.say("E315", path, f"{channel} stands twice.", "Keep one of them.")
        elif channel == "recruiter_message" and "message" not in recruiter(adapter).capabilities:
            named = "Without recruitment: {adapter: …} there are only links of your own, which send"
            what = f"{named if adapter == OWN_LINKS else f'the adapter {adapter} sends'} no messages."
            able = [name for name in known if "message" in recruiter(name).capabilities]
            remedy = f"Use email, or an adapter that can: {', '.join(able)}."
            context.say("E316", path, what, remedy)


@needs("waves", "language", "horizon")
def texts_say_what_they_must(context: Context) -> None:
    """E317, E318: a text has a subject, the way to one's page and the way out; ours is there in the language."""
    for path, _, rule in declared(context):
        if rule.text is None and _shipped(context) is None:
            what = f"has no text, and ours are in English and German, not in {context.study.language}."
            context.say("E318", path, what, "Write text: pages/reminder.md.")
            continue
        file = text_path(rule)
        text = context.files[file] if rule.text is None else context.read(file, (*path, "text"))
        if text is None:
            continue
        for name in NEEDED:
            if name not in slot_names(text):
                why = "nobody could come back by it" if name == "link" else "nobody could stop the messages"
                context.say_of_file("E317", file, None, f"{name} is missing: {why}.", f"Write {{{{ {name} }}}}.")
        if not text.lstrip().startswith("# "):
            context.say_of_file("E317", file, 1, "there is no subject.", "Begin with a heading: # Your next visit")


def _shipped(context: Context) -> str | None:
    """Our own text, kept with the study's files; one that was frozen before is not changed by a newer release."""
    if SHIPPED not in context.files:
        try:
            text: str | None = context.source.read(SHIPPED)
        except SourceError:
            text = shipped_text(context.study.language, counts=is_told_to_all(context.study))
        if text is None:
            return None
        context.files[SHIPPED] = text
    return context.files[SHIPPED]


@needs("waves", "reminders")
def sending_is_likely(context: Context) -> None:
    """W310, W311: what falls into quiet hours, and what caps leave out."""
    said = context.study.reminders
    if said is None:
        return
    for path, wave, rule in declared(context):
        if path[1] != 0 and (what := _in_quiet_hours(said, wave, rule)):
            context.say("W310", (*path, "at"), what, "Remind at another time, or change quiet_hours.")
    most = max((len(wave.reminders) for wave in context.study.waves), default=0)
    visits = sum(len(wave.reminders) * wave.repeat for wave in context.study.waves)
    for key, cap, count in (("per_visit", said.caps.per_visit, most), ("per_study", said.caps.per_study, visits)):
        if cap is not None and cap < count:
            what = f"{cap} is less than the {count} that are declared; the last ones are not sent."
            context.say("W311", ("reminders", "caps", key), what, "Raise it, or take reminders out.")


def _in_quiet_hours(said: Reminders, wave: Wave, rule: Reminder) -> str:
    """What follows from quiet hours where the time of day is known; empty where nothing does."""
    if said.quiet_hours is None or wave.opens is None or wave.opens.at is None or wave.closes is None:
        return ""
    opens, length = clock(wave.opens.at), nominal(wave.closes.after)
    start = timedelta(hours=opens.hour, minutes=opens.minute)
    offset = nominal(rule.at.plus) if rule.at.plus is not None else -nominal(rule.at.minus or "0m")
    at = (start + offset + (length if rule.at.since == "closes" else NOTHING)) % DAY
    if nominal(wave.opens.jitter):
        return ""  # when exactly is drawn
    first, last = (timedelta(hours=one.hour, minutes=one.minute) for one in map(clock, said.quiet_hours))
    is_quiet = first <= at < last if first < last else at >= first or at < last
    if not is_quiet:
        return ""
    wait = (last - at) % DAY
    until = length + (nominal(wave.grace) if rule.only_if != "not_started" else NOTHING)
    moved = (offset + (length if rule.at.since == "closes" else NOTHING)) + wait
    if moved >= until:
        return f"falls into quiet hours, which last until the visit is over; it is never sent after {_clock(at)}."
    return f"falls into quiet hours ({_clock(at)}); it is sent at {said.quiet_hours[1]} instead."


def _clock(at: timedelta) -> str:
    minutes = int(at.total_seconds() // 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


CHECKS = [
    reminders_have_a_way,
    times_are_within_the_visit,
    quiet_hours_leave_time,
    channels_can_be_used,
    texts_say_what_they_must,
    sending_is_likely,
]
