"""How many visits there are is told, or hidden on every page; who is not told still knows what they agree to."""

import re
from collections.abc import Iterator, Mapping

from studies.checks.allocation import entries
from studies.checks.consent_words import slots_in
from studies.checks.context import Context, meant, needs
from studies.checks.ethics import is_declared
from studies.checks.quiet_words import labels_of
from studies.checks.references import covered
from studies.checks.texts import pages_of
from studies.definition import visits_with
from studies.horizon import (
    counting_slots,
    factor_of,
    holds,
    horizon_of,
    is_told_to_all,
    repeated,
    tellings,
)
from studies.markdown import slot_expressions, slot_names
from studies.schema_horizon import Horizon, TellingByLevel
from studies.schema_stages import ConsentStage, DebriefStage, GameStage, SurveyStage
from studies.schema_waves import Wave
from studies.schema_when import ConditionalStage
from studies.yaml_file import Path

HERE: Path = ("horizon",)
INSTEAD = ("visits_least", "visits_most", "minutes_least", "minutes_most", "pay_least", "pay_most")
"""What the page of consent says to whoever is not told how many visits there are."""
_ENGLISH = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty"""
_GERMAN = """eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn
achtzehn neunzehn zwanzig"""
_COUNTED = "visits|times|evenings|conversations|talks|chats|sessions|besuche|termine|abende|gespräche|mal"


@needs("horizon", "waves", "factors")
def range_is_true(context: Context) -> None:
    """E870: whoever is not told reads a range for each repeated wave; it holds what is true, and minutes are known."""
    said, waves = horizon_of(context.study), {wave.id: wave for wave in repeated(context.study)}
    if is_told_to_all(context.study):
        if said.between:
            context.say("E870", (*HERE, "between"), "is read by nobody: all are told how many there are.", "Remove it.")
    elif not waves:
        what = "is not told to some, and no wave has several visits: there is nothing to hide."
        context.say("E870", HERE, what, "Take it out.")
    else:
        _ranges(context, said, waves)
        for at, wave in enumerate(context.study.waves):
            if wave.minutes is None:
                what = "minutes is missing: nobody could be told between what and what all visits take."
                context.say("E870", ("waves", at), what, "Write how long one visit takes.")


def _ranges(context: Context, said: Horizon, waves: Mapping[str, Wave]) -> None:
    path = (*HERE, "between") if said.between else HERE
    for name, between in said.between.items():
        if name not in waves:
            context.say("E870", (*path, name), f'"{name}" is no wave with several visits.', meant(name, waves))
        elif not holds(between, waves[name]):
            what = f"does not hold the {waves[name].repeat} visits of the wave among several numbers."
            context.say("E870", (*path, name), f"{between.least} to {between.most} {what}", "Write a true range.")
    for name in waves:
        if name not in said.between:
            what = f'nothing is told of how many visits "{name}" has.'
            context.say("E870", path, what, f"Write between: {{{name}: {{least: …, most: …}}}}.")


@needs("horizon", "waves", "factors", "conditions", "allocation")
def levels_are_given_at_once(context: Context) -> None:
    """E201, E202, E870: every level says whether it is told, and people have theirs before they read of visits."""
    tells = horizon_of(context.study).tells
    if not isinstance(tells, TellingByLevel):
        return
    path = (*HERE, "tells")
    covered(context, (*path, "by"), (*path, "values"), tells.by, tells.values)
    if len(set(tells.values.values())) == 1 and len(tells.values) > 1:
        context.say("E870", (*path, "values"), "are all alike: nothing is manipulated.", "Write one word without `by`.")
    first = {stage.id for stage in context.study.waves[0].stages} | {"entry"}
    for _, entry in entries(context):
        is_early = isinstance(entry.rule.at, str) and (entry.rule.unit == "study" or entry.rule.at in first)
        if tells.by in entry.factors and not (entry.rule.unit in ("participant", "study") and is_early):
            what = f'"{tells.by}" is given by {entry.rule.unit} at {entry.rule.at}, and home tells of visits before it.'
            remedy = "Give it by participant, at entry or after a stage of the first wave; or by study."
            context.say("E870", (*path, "by"), what, remedy)


@needs("horizon", "deception", "waves")
def hiding_is_declared(context: Context) -> None:
    """E406: that the number of visits is not told is an omission."""
    if not is_told_to_all(context.study) and not is_declared(context, "omission"):
        remedy = "Declare it: deception: [{what: omission, approved_by: …, reference: …, debrief: …}]."
        context.say("E406", HERE, "does not tell people how many visits there are.", remedy)


@needs("horizon", "waves", "factors")
def told_where_told(context: Context) -> None:
    """E871: where the file says that people are told, the page of consent, or one for their level, names the number."""
    if context.study.horizon is None or not repeated(context.study):
        return
    names = counting_slots(context.study) - {"minutes"}
    if is_told_to_all(context.study):
        for path, stage in context.stages("consent"):
            assert isinstance(stage, ConsentStage)
            text = context.read(stage.document, (*path, "document"))
            if text is not None and not names & slots_in(text):
                what = f"{stage.document} does not say how many visits there are, and horizon is told."
                context.say("E871", (*path, "document"), what, "Write {{ visits }} or {{ game_visits }}.")
        return
    for level, telling in tellings(context.study).items():
        if telling == "told" and not any(names & slot_names(text) for text in _read_at(context, level)):
            what = f'no page for "{level}" alone says how many visits there are.'
            remedy = f"Add a stage with when: {{by: {factor_of(context.study)}, levels: [{level}]}} that names visits."
            context.say("E871", (*HERE, "tells", "values", level), what, remedy)


@needs("horizon", "waves", "factors", "deception")
def untold_where_untold(context: Context) -> None:
    """E871: no text that somebody reads who is not told has the number; consent has a range, the debrief tells it."""
    if is_told_to_all(context.study):
        return
    apart = _read_by_others(context)
    for file, text in context.files.items():
        for line, found in _tells(context, text) if file not in apart else ():
            what = f"{found} tells how many visits there are to somebody who is not told."
            context.say_of_file("E871", file, line, what, "Name what lies between: visits_least, minutes_most, …")
    for path, stage in context.stages():
        for where, label in labels_of(stage):
            for _line, found in _tells(context, label):
                what = f"{found} tells how many visits there are to somebody who is not told."
                context.say("E871", (*path, *where), what, "Name what lies between: visits_least, minutes_most, …")
    _consent_tells_the_range(context)
    _debrief_tells(context)


def _tells(context: Context, text: str) -> Iterator[tuple[int, str]]:
    """Line and words of each place of a text that tells how many visits there are: by a slot, or by a number."""
    names = counting_slots(context.study)
    for line, said in slot_expressions(text):
        yield from ((line, name) for name in sorted(names & slot_names(f"{{{{{said}}}}}")))
    numbers = re.compile(_spelled(context), re.IGNORECASE)
    for line, words in enumerate(text.splitlines(), start=1):
        yield from ((line, f'"{found[0]}"') for found in numbers.finditer(words))


def _consent_tells_the_range(context: Context) -> None:
    for path, stage in context.stages("consent"):
        assert isinstance(stage, ConsentStage)
        text = context.read(stage.document, (*path, "document"))
        missing = [name for name in INSTEAD if name not in slots_in(text or "")]
        if text is not None and missing:
            what = f"{stage.document} does not say between what and what lies what people agree to: {missing[0]}."
            context.say("E871", (*path, "document"), what, f"Write {{{{ {missing[0]} }}}} where it belongs.")


def _debrief_tells(context: Context) -> None:
    names = counting_slots(context.study) - {"minutes"}
    for at, entry in enumerate(context.study.deception):
        if entry.what == "omission" and names & slot_names(context.read(entry.debrief, ("deception", at)) or ""):
            return
    if is_declared(context, "omission"):
        what = "no debrief of an omission says how many visits there were."
        context.say("E871", HERE, what, "Write {{ visits }} or {{ game_visits }} there.")


def _read_at(context: Context, level: str) -> Iterator[str]:
    """Texts of the pages that are for one level."""
    for path, stage in context.stages():
        when = stage.when if isinstance(stage, ConditionalStage) else None
        if when is not None and when.by == factor_of(context.study) and level in when.levels:
            for where, file in pages_of(stage):
                yield context.read(file, (*path, *where)) or ""


def _read_by_others(context: Context) -> set[str]:
    """Files that only those read who are told, or who are told by them at the end."""
    told = {level for level, telling in tellings(context.study).items() if telling == "told"}
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for _, stage in context.stages():
        when = stage.when if isinstance(stage, ConditionalStage) else None
        is_for_told = when is not None and when.by == factor_of(context.study) and set(when.levels) <= told
        files = {file for _, file in pages_of(stage)}
        if isinstance(stage, SurveyStage) and stage.items:
            files.add(stage.items)
        found[is_for_told or isinstance(stage, DebriefStage)] |= files
    return found[True] - found[False]


def _spelled(context: Context) -> str:
    """A pattern of each number of visits, as a digit or a word, before or after what is counted."""
    games = {stage.experiment for _, stage in context.stages("game") if isinstance(stage, GameStage)}
    counts = {sum(len(visits) for visits in visits_with(context.study, name).values()) for name in games}
    counts |= {wave.repeat for wave in repeated(context.study)} | {sum(wave.repeat for wave in context.study.waves)}
    known = (_ENGLISH.split(), _GERMAN.split())
    words = [str(count) for count in sorted(counts)]
    words += [named[count - 1] for count in counts for named in known if 1 < count <= len(named)]
    numbers = "|".join(words)
    return rf"\b(?:{numbers}) (?:{_COUNTED})\b|\b(?:of|von) (?:{numbers})\b"


CHECKS = [range_is_true, levels_are_given_at_once, hiding_is_declared, told_where_told]
LAST = [untold_where_untold]
