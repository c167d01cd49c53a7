"""What protects people in conversations is there, can be kept, and is told to them before they agree."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from studies.checks.consent_words import slots_in
from studies.checks.context import Context, meant, needs
from studies.checks.placeholders import IN_TEXTS
from studies.companions import needs_safety, screens, talks_of, talks_with_model, writes_in_games
from studies.definition import parameters_by_level
from studies.lasting import forms_pair, meets_in
from studies.schema_safety import Safety, Staffed
from studies.schema_stages import ConsentStage
from studies.schema_waves import Timezone, Wave
from studies.spans import clock, is_date, span, spelled
from studies.staffing import LAST_MINUTE, first_gap, longest_gap

DEFAULT_CARDS = "docs/safety/card.en.md and card.de.md"
_HEADING = re.compile(r"\A\s*#[ \t]+\S")
AT = ("safety",)
TIME_TO_TALK = timedelta(hours=1)
"""So long is left at least of a visit that waited for the study team; our own."""
A_DAY, A_YEAR = date(2027, 1, 1), 366  # any year: each day of a week comes by summer and by winter time


def _said(context: Context) -> Safety | None:
    return context.study.safety if "safety" in context.sections else None


@needs("waves", "groups", "partners")
def is_declared(context: Context) -> None:
    """W830, W831: a companion study has `safety`, and where there is any somebody writes in a game."""
    if "safety" in context.data and "safety" not in context.sections:
        return
    safety, wants = _said(context), needs_safety(context.study)
    if safety is None and wants:
        what = "is missing: people chat with a language model, or write freely at several visits."
        context.say("W830", AT, f"{what} The study cannot be opened.", "Write it; see docs/safety.md.")
    elif safety is not None and not any(True for _ in talks_of(context.study)) and not writes_in_games(context.study):
        context.say("W831", AT, "is there, but in no game anybody writes to others.", "Remove it.")


@needs("safety")
def hours_are_sound(context: Context) -> None:
    """E830, W832: the zone is one, hours end after they begin, and helplines were called on a day that there is."""
    safety = _said(context)
    if safety is None:
        return
    zone = safety.staffed.zone
    if zone not in available_timezones():
        close = meant(zone, (), available_timezones())
        context.say("E830", (*AT, "staffed", "zone"), f'there is no zone "{zone}".', close)
    for at, one in enumerate(safety.staffed.hours):
        if clock(one.begin) >= clock(one.end):
            what = f"end at {one.end}, but begin at {one.begin}."
            remedy = "Let them end on the same day; write two entries for a night."
            context.say("E830", (*AT, "staffed", "hours", at), what, remedy)
    checked = safety.helplines
    if checked is None:
        what = "is missing: nobody says that the card's helplines were called. The study cannot be opened."
        context.say("W832", (*AT, "helplines"), what, 'Call them, then write helplines: {by: …, on: "2027-03-01"}.')
    elif not is_date(checked.on):
        context.say("E830", (*AT, "helplines", "on"), f'"{checked.on}" is no day.', 'Write "2027-03-01".')


@needs("safety", "language")
def cards_are_ready(context: Context) -> None:
    """E831 to E833: a card in the study's language, with helplines in place of placeholders; and rules for it."""
    safety = _said(context)
    if safety is None:
        return
    language = context.study.language
    if language not in safety.card and language[:2] not in safety.card:
        what = f'has no entry for "{language}", in which people read and write.'
        context.say("E831", (*AT, "card"), what, f"Write one; begin with {DEFAULT_CARDS}.")
    for tongue, file in safety.card.items():
        text = context.read(file, (*AT, "card", tongue))
        if text is None:
            continue
        if not _HEADING.match(text):
            context.say_of_file("E831", file, 1, "begins with no heading.", "Write # and a heading on its first line.")
        for number, line in enumerate(text.splitlines(), start=1):
            for found in IN_TEXTS.findall(line):
                remedy = "Write the helpline of your country, call it, and say in `helplines` who did."
                context.say_of_file("E833", file, number, f"{found} is a placeholder.", remedy)
    if not screens(language):
        what = f'"{language}" has no rules by which messages are screened.'
        context.say("E832", ("language",), what, "There are some for en and de; see docs/safety.md.")


@needs("safety", "groups", "partners", "waves", "exits")
def answers_are_there(context: Context) -> None:
    """E834, E835: what stands for a held reply, and an exit with full pay for whoever stops for the day."""
    safety = _said(context)
    if safety is None:
        return
    if safety.replies is None and talks_with_model(context.study):
        what = "is missing: a language model talks, and nothing says what stands for a reply that is held."
        context.say("E834", (*AT, "replies"), what, 'Write replies: {line: "…"}, in the words of its persona.')
    if safety.replies is not None and safety.replies.classifier is not None:
        context.read(safety.replies.classifier.prompt, (*AT, "replies", "classifier", "prompt"))
    visits = sum(wave.repeat for wave in context.study.waves)
    exit_ = context.study.exits.get(safety.stopped or "")
    if safety.stopped is None and visits > 1:
        return
    if safety.stopped is None:
        what = "is missing: whoever stops for the day leaves by an exit where there is only one visit."
        context.say("E835", (*AT, "stopped"), what, "Name an exit that pays full, such as stopped: completed.")
    elif exit_ is None:
        what = f'"{safety.stopped}" is not in exits.'
        context.say("E835", (*AT, "stopped"), what, meant(safety.stopped, context.study.exits))
    elif exit_.pay != "full":
        what = f"pays {exit_.pay}: somebody would lose pay for what they wrote."
        context.say("E835", (*AT, "stopped"), f'"{safety.stopped}" {what}', "Name an exit that pays full.")


@needs("safety", "waves", "factors")
def limits_fit(context: Context) -> None:
    """E836: a day is not shorter than a visit, and a visit not shorter than its talk must last at least."""
    safety = _said(context)
    if safety is None:
        return
    visit, day = safety.limits.minutes_per_visit, safety.limits.minutes_per_day
    if visit and day and visit > day:
        what = f"{visit} minutes a visit are more than {day} a day."
        context.say("E836", (*AT, "limits"), what, "Lower the one or raise the other.")
    most = min((one for one in (visit, day) if one), default=None)
    if most is None:
        return
    for stage, step in talks_of(context.study):
        for _, parameters in parameters_by_level(context.study, stage):
            least = parameters.number(step.min_active_seconds) / 60
            if least > most:
                what = f"{most} minutes are less than talk {step.name} must last ({least:g} active minutes)."
                context.say("E836", (*AT, "limits"), what, "Allow more, or lower the minimum.")


@needs("safety", "waves")
def consent_tells_the_hours(context: Context) -> None:
    """E837: whoever agrees has read when somebody reads along, and when nobody does."""
    if _said(context) is None:
        return
    for path, stage in context.stages("consent"):
        assert isinstance(stage, ConsentStage)
        text = context.read(stage.document, (*path, "document"))
        if text is not None and "staffed_hours" not in slots_in(text):
            what = f"{stage.document} does not say when somebody of the study team reads along."
            context.say("E837", (*path, "document"), what, "Write {{ staffed_hours }} where it belongs.")


@needs("safety", "groups", "partners", "waves")
def nobody_loses_by_closing(context: Context) -> None:
    """E838, E839: outside the hours nobody waits for a partner who was promised, and nobody loses a visit."""
    safety = _said(context)
    if safety is None or safety.staffed.outside != "closed":
        return
    at = (*AT, "staffed", "outside")
    meeting = next((stage.id for _, stage in context.stages("waiting_room") if forms_pair(context.study, stage)), None)
    if meeting is not None:
        what = f"is closed, but in {meeting} two people meet at times that are told to both."
        context.say("E838", at, what, "Let their visits open within the hours, and write outside: open.")
    least, with_talk = longest_gap(safety.staffed) + TIME_TO_TALK, {stage.id for stage, _ in talks_of(context.study)}
    for number, wave in enumerate(context.study.waves[1:], start=1):
        if any(stage.id in with_talk for stage in wave.stages) and span(wave.grace).nominal < least:
            what = f"is {wave.grace}, but for {spelled(least - TIME_TO_TALK)} nobody is there and no talk begins."
            remedy = f"Write {spelled(least)} at least, so that nobody loses a visit, or staff more hours."
            context.say("E839", ("waves", number, "grace"), what, remedy)


@needs("safety", "groups", "waves", "timezone")
def pairs_meet_while_somebody_is_there(context: Context) -> None:
    """W833: two people who last meet at times that were told to both, and somebody of the study team is there then."""
    safety, timezone = _said(context), context.study.timezone
    if safety is None or timezone is None or safety.staffed.outside == "closed" or not _are_sound(safety.staffed):
        return
    for number, wave in enumerate(context.study.waves[1:], start=1):
        if meets_in(context.study, wave) and (what := _unstaffed(safety.staffed, timezone, wave)):
            remedy = "Staff these hours, or let the two meet within those that you have; see docs/safety.md."
            context.say("W833", ("waves", number, "opens"), what, remedy)


def _unstaffed(staffed: Staffed, timezone: Timezone, wave: Wave) -> str:
    """When two people may be in a conversation of a wave's visits while nobody is there; "" where they never are."""
    if wave.opens is None or wave.closes is None or longest_gap(staffed) <= LAST_MINUTE:
        return ""
    if wave.opens.at is None:
        return f"sets no time of day, so two people may meet when nobody is there ({staffed.zone})."
    if timezone.source != "fixed" or timezone.zone not in available_timezones():
        return f"is at {wave.opens.at} by people's own clocks, and nobody is there at all hours of {staffed.zone}."
    long = span(wave.opens.jitter).nominal + span(wave.closes.after).nominal + span(wave.grace).nominal
    for day in range(A_YEAR):
        begin = datetime.combine(A_DAY + timedelta(days=day), clock(wave.opens.at), tzinfo=ZoneInfo(timezone.zone))
        begin = begin.astimezone(UTC)
        gap = first_gap(staffed, begin, begin + long)
        if gap is not None:
            when = f"from {wave.opens.at} for {spelled(long)} ({timezone.zone})"
            return f"lets two people talk {when}, but on {gap:%A} at {gap:%H:%M} ({staffed.zone}) nobody is there."
    return ""


def _are_sound(staffed: Staffed) -> bool:
    """Whether the hours can be reckoned with; E830 says where they cannot."""
    return staffed.zone in available_timezones() and all(clock(one.begin) < clock(one.end) for one in staffed.hours)


CHECKS = [
    is_declared,
    hours_are_sound,
    cards_are_ready,
    answers_are_there,
    limits_fit,
    consent_tells_the_hours,
    nobody_loses_by_closing,
    pairs_meet_while_somebody_is_there,
]
