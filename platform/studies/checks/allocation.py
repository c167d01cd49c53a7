"""What is allocated: factors given once, blocks and numbers that fit, units that exist when they are allocated."""

from collections.abc import Mapping

from studies.allocation_plan import Entry, entries_of
from studies.checks.context import Context, meant, needs
from studies.checks.games import round_counts
from studies.checks.stages import needs_nobody
from studies.schema_allocation import Moment
from studies.schema_stages import BriefingStage
from studies.yaml_file import Path

MOST_ORDERED = 48  # as many as fit into a block; the square has as many rows, and twice as many for an odd number
# Unit → the words that its `at` may be, besides a stage's id.
WORDS: Mapping[str, tuple[str, ...]] = {
    "study": ("entry",),
    "group": ("formation",),
    "participant": ("entry",),
    "pair": ("formation",),
    "session": ("entry",),
    "round": ("formation",),
    "item": (),
}
MOMENTS: Mapping[str, tuple[str, ...]] = {
    "group": ("round",),
    "participant": ("round", "session"),
    "pair": ("round",),
    "session": ("session",),
    "round": ("round",),
}
# Key → the methods that it belongs to.
KEYS: Mapping[str, tuple[str, ...]] = {
    "block_sizes": ("permuted_block",),
    "weights": ("permuted_block", "minimisation", "simple"),
    "targets": ("quota",),
    "covariates": ("minimisation",),
}


def entries(context: Context) -> list[tuple[Path, Entry]]:
    """Each entry with its path; none while factors are named that do not exist."""
    rules = context.study.allocations
    named = {name for rule in rules for name in rule.factors} | set(context.study.conditions.cross)
    if not named <= set(context.study.factors):
        return []
    is_list = isinstance(context.study.allocation, list)
    return [
        (("allocation", entry.number) if is_list else ("allocation",), entry) for entry in entries_of(context.study)
    ]


@needs("factors", "conditions", "allocation")
def factors_are_given(context: Context) -> None:
    """E207: each crossed factor is given by one entry, and by others only anew at a named round or session."""
    _factors_exist(context)
    found = entries(context)
    if not context.study.allocations and context.study.conditions.cross:
        what = "is missing, and there are factors." if context.study.allocation is None else "the list is empty."
        context.say("E207", ("allocation",), what, "Add an entry: {unit: …, block_sizes: …, at: …}.")
    elif context.study.allocation == []:
        context.say("E207", ("allocation",), "the list is empty.", "Leave it out: there is no factor.")
    for name in context.study.conditions.cross if found else []:
        giving = [(path, entry) for path, entry in found if name in entry.factors]
        if not giving:
            context.say("E207", ("allocation",), f'no entry gives the factor "{name}".', f"Add factors: [{name}].")
        for path, entry in giving[1:]:
            _given_anew(context, path, entry, name, [before for _, before in giving if before.number < entry.number])


def _factors_exist(context: Context) -> None:
    is_list = isinstance(context.study.allocation, list)
    for number, rule in enumerate(context.study.allocations):
        path: Path = ("allocation", number, "factors") if is_list else ("allocation", "factors")
        if is_list and not rule.factors and context.study.conditions.cross:
            context.say("E207", path, "which factors it gives is missing.", "Name them: factors: [label].")
        for at, name in enumerate(rule.factors):
            if name not in context.study.conditions.cross:
                what = f'"{name}" is not in conditions.cross.'
                context.say("E207", (*path, at), what, meant(name, context.study.conditions.cross))
            elif name in rule.factors[:at]:
                context.say("E207", (*path, at), f'"{name}" stands twice.', "Keep one.")


def _given_anew(context: Context, path: Path, entry: Entry, name: str, before: list[Entry]) -> None:
    moments = [one.since for one in before]
    if not entry.has_moment or entry.since in moments:
        what = f'"{name}" is given by two entries.'
        context.say("E207", (*path, "factors"), what, "Keep one, or give the later one at: {round: k} or {session: k}.")
    elif entry.rule.unit != before[0].rule.unit:
        what = f'"{name}" was given by {before[0].rule.unit} and is given anew by {entry.rule.unit}.'
        context.say("E207", (*path, "unit"), what, f"Write unit: {before[0].rule.unit}.")


@needs("factors", "conditions", "allocation")
def blocks_fit(context: Context) -> None:
    """E203, E208, E209: every block holds its conditions as planned; numbers name conditions; squares have an order."""
    for path, entry in entries(context):
        _keys_belong(context, path, entry)
        _numbers_name_conditions(context, path, entry)
        _blocks(context, path, entry)
        _square(context, path, entry)


def _keys_belong(context: Context, path: Path, entry: Entry) -> None:
    rule = entry.rule
    for key, methods in KEYS.items():
        if getattr(rule, key) and rule.method not in methods:
            what = f"belongs to method {' or '.join(methods)}, not to {rule.method}."
            context.say("E208", (*path, key), what, "Remove it, or change the method.")
    if rule.meets == "anybody" and not entry.is_of_people:
        what = f"belongs to people who are allocated one by one, not to unit {rule.unit}."
        context.say("E208", (*path, "meets"), what, "Remove it.")
    if rule.method == "quota" and not rule.targets:
        context.say("E208", (*path, "targets"), "is missing.", f"Say how many of each: {_example(entry)}.")


def _numbers_name_conditions(context: Context, path: Path, entry: Entry) -> None:
    """Every condition has its number, and every number its condition."""
    for key, numbers in (("weights", entry.rule.weights), ("targets", entry.rule.targets)):
        if not numbers:
            continue
        names = {name: name.partition("=")[2] if len(entry.factors) == 1 else name for name in entry.conditions}
        for name in numbers:
            if name not in {*names, *names.values()}:
                context.say("E208", (*path, key, name), "is no condition.", meant(name, names.values()))
        for name, short in names.items():
            if name not in numbers and short not in numbers:
                context.say("E208", (*path, key), f'no number for "{short}".', "Give each condition one.")
            elif name != short and name in numbers and short in numbers:
                context.say("E208", (*path, key, short), f'is "{name}" again.', "Keep one.")


def _blocks(context: Context, path: Path, entry: Entry) -> None:
    if entry.rule.method != "permuted_block":
        return
    whole = sum(entry.weights().values())
    if not entry.rule.block_sizes:
        context.say("E203", (*path, "block_sizes"), "is missing.", f"Write block_sizes: [{whole}, {2 * whole}].")
    of = "the weights' sum" if entry.rule.weights else f"{whole} conditions"
    for at, size in enumerate(entry.rule.block_sizes):
        if size % whole:
            what = f"{size} is not a multiple of {of}{f', {whole}' if entry.rule.weights else ''}."
            context.say("E203", (*path, "block_sizes", at), what, f"Use {whole}, {2 * whole}, …")


def _square(context: Context, path: Path, entry: Entry) -> None:
    if not entry.is_order:
        return
    if entry.rule.unit not in ("round", "session", "item"):
        what = f"is {entry.rule.unit}, which has no order."
        context.say("E209", (*path, "unit"), what, "A Latin square orders rounds, sessions or items.")
    if len(entry.conditions) < 2:
        context.say("E209", (*path, "method"), "there is nothing to bring into an order.", "Name a factor.")
    if len(entry.conditions) > MOST_ORDERED:
        what = f"there are {len(entry.conditions)} conditions; {MOST_ORDERED} can be brought into an order."
        context.say("E209", (*path, "method"), what, "Take fewer factors into this entry.")


def _example(entry: Entry) -> str:
    first = entry.conditions[0].partition("=")[2] if len(entry.factors) == 1 else f'"{entry.conditions[0]}"'
    return f"targets: {{{first}: 20, …}}"


@needs("waves", "allocation", "factors", "conditions", "partners", "groups")
def allocation_fits(context: Context) -> None:
    """E204: what is allocated exists when it is allocated, and nobody is shown a level before having it."""
    for path, entry in entries(context):
        _moment_fits(context, path, entry)
        _unit_exists(context, path, entry)
        _shown_in_time(context, entry)
        for factor in sorted(_factors_in_groups(context) & set(entry.factors)):
            if entry.holder == "participant":
                what = f'is {entry.rule.unit}, but "{factor}" is used inside a group stage.'
                context.say("E204", (*path, "unit"), what, "Use group.")


def _moment_fits(context: Context, path: Path, entry: Entry) -> None:
    at, unit, here = entry.rule.at, entry.rule.unit, (*path, "at")
    if isinstance(at, Moment):
        said = [key for key in ("round", "session") if getattr(at, key) is not None]
        if len(said) != 1:
            context.say("E204", here, "names no moment, or two.", "Write {round: 3} or {session: 2}.")
        elif said[0] not in MOMENTS.get(unit, ()):
            context.say("E204", here, f"{unit} is not allocated at a {said[0]}.", _remedy(unit))
    elif unit in ("participant", "item"):
        _stage_exists(context, here, entry, at)
    elif at not in WORDS[unit]:
        what = f'groups are allocated at formation, not at "{at}".'
        if unit != "group":
            what = f'{unit} is allocated at {WORDS[unit][0]}, not at "{at}".'
        context.say("E204", here, what, _remedy(unit))


def _remedy(unit: str) -> str:
    if unit == "group":
        return "Write at: formation; instructions and quiz are then common."
    return f"Write at: {WORDS[unit][0] if WORDS[unit] else 'the stage of the items'}."


def _stage_exists(context: Context, here: Path, entry: Entry, at: str) -> None:
    kinds = ("survey",) if entry.rule.unit == "item" else ()
    known = [*WORDS[entry.rule.unit], *(stage.id for _, stage in context.stages(*kinds))]
    if at not in known:
        what = f'"{at}" is neither entry nor a stage.' if not kinds else f'"{at}" is no survey.'
        context.say("E204", here, what, meant(at, known))


def _unit_exists(context: Context, path: Path, entry: Entry) -> None:
    has_group = any(True for _ in context.stages("waiting_room")) or needs_nobody(context)
    if entry.holder == "group" and not has_group:
        what = f"is {entry.rule.unit}, but no waiting_room forms one."
        if entry.rule.unit != "group":
            what = f"is {entry.rule.unit}, but no waiting_room forms a group."
        context.say("E204", (*path, "unit"), what, "Use participant.")


def _shown_in_time(context: Context, entry: Entry) -> None:
    """Nobody reads the page of a condition before having one, nor where a level holds only for a while."""
    for place, stage in context.stages("briefing"):
        assert isinstance(stage, BriefingStage)
        if stage.by not in entry.factors:
            continue
        if entry.rule.unit in ("round", "pair", "item") or (entry.holder == "group" and entry.has_moment):
            what = (
                f'"{stage.by}" is given by {entry.rule.unit} {entry.since}'.rstrip()
                + ", which no page before can show."
            )
            context.say("E204", (*place, "by"), what, "Tell of it on the pages of the game.")
        elif entry.rule.unit == "participant" and not _is_given_before(context, entry, place):
            at = entry.since or entry.rule.at
            what = f'people come to "{stage.id}" before they are allocated (after "{at}").'
            context.say("E204", place, what, "Move it behind that stage, or allocate earlier.")


def _is_given_before(context: Context, entry: Entry, place: Path) -> bool:
    if entry.rule.at == "entry":
        return True
    earlier = [stage.id for path, stage in context.stages() if path < place]
    known = [stage.id for _, stage in context.stages()]
    return entry.rule.at in earlier if entry.rule.at in known else entry.since == "session 1"


def _factors_in_groups(context: Context) -> set[str]:
    if not any(True for _ in context.stages("game")):
        return set()
    return {partner.label.by for partner in context.study.partners.values() if partner.label.by}


@needs("waves", "allocation", "factors", "conditions", "sample")
def moments_come(context: Context) -> None:
    """W204, W208, W209: a moment that never comes, a quota below the sample, an order that is not played to its end."""
    counts = sorted(set(round_counts(context)))
    for path, entry in entries(context):
        if entry.since.startswith("round") and counts and entry.rule.round > counts[-1]:
            what = f"round {entry.rule.round} never comes: the game has {counts[-1]}."
            context.say("W204", (*path, "at"), what, "Name an earlier round.")
        visits = sum(wave.repeat for wave in context.study.waves)
        if entry.rule.session > visits:
            what = f"session {entry.rule.session} never comes: the study has {visits}."
            context.say("W204", (*path, "at"), what, "Name an earlier session.")
        if entry.is_order and entry.rule.unit == "round":
            for count in [count for count in counts if count % len(entry.conditions)]:
                what = f"{count} rounds are no multiple of {len(entry.conditions)} conditions: some come more often."
                context.say("W209", (*path, "method"), what, "Change the number of rounds.")
        wanted = sum(entry.rule.targets.values())
        if wanted and entry.rule.unit == context.study.sample.unit and wanted < context.study.sample.target:
            what = f"add up to {wanted}, but sample.target is {context.study.sample.target}: the rest begins them anew."
            context.say("W208", (*path, "targets"), what, "Raise them, or lower sample.target.")


CHECKS = [factors_are_given, blocks_fit, allocation_fits, moments_come]
