"""What stands in place of a model's words fits where it is to be said, and what is declared can happen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from paradigm import Chat, Decision, Field, Talk, Text
from paradigm.program import leaves
from studies.checks.context import Context, needs
from studies.checks.ethics import is_hidden, meets_people
from studies.checks.games import found_experiment, found_parameters
from studies.definition import group_of
from studies.schema_partners import GroupPlan, ModelPartner
from studies.schema_sampled import personas_in
from studies.schema_stages import GameStage
from studies.yaml_file import Path

OURS = ("en", "de")
"""Languages in which there are lines of ours, and in which questions about one's kind are found by words."""
Said = TypeVar("Said")


def _models(context: Context) -> Iterator[tuple[str, ModelPartner]]:
    for name, partner in context.study.partners.items():
        if isinstance(partner, ModelPartner):
            yield name, partner


def said_in(lines: Mapping[str, Said], language: str) -> tuple[str, Said] | None:
    """The entry for a language, and what it holds."""
    for tongue in (language, language[:2]):
        if tongue in lines:
            return tongue, lines[tongue]
    return None


@needs("partners", "language")
def lines_are_there(context: Context) -> None:
    """E860, E861: a policy that says a line has one in the study's language; what is written is used."""
    language = context.study.language
    for name, partner in _models(context):
        policy, path = partner.on_failure, ("partners", name, "on_failure")
        for tongue, file in policy.lines.items():
            text = context.read(file, (*path, "lines", tongue))
            if text is not None and not text.strip():
                context.say_of_file("E860", file, 1, "has no line.", "Write at least one.")
        has_line = said_in(policy.line, language) or said_in(policy.lines, language)
        if policy.then == "line" and not has_line:
            what = f'says a line, but there is none in "{language}", in which people read and write.'
            context.say("E860", (*path, "then"), what, f'Write line: {{{language[:2]}: "…"}}, in its persona\'s words.')
        if said_in(policy.line, language) and said_in(policy.lines, language):
            what = "and `line` both have words in the study's language; only `line` would be said."
            context.say("E861", (*path, "lines"), what, "Keep one of them.")
        if policy.then != "pause" and policy.pause != type(policy).model_validate({}).pause:  # frozen ones say it all
            context.say("E861", (*path, "pause"), f"is not used: `then` is {policy.then}.", "Write then: pause.")
        other = policy.fallback.model if policy.fallback else None
        if other is not None and other.name in {model.name for model in partner.models.values()}:
            what = f"is {other.name}, the model that has just failed."
            context.say("E861", (*path, "fallback", "model", "name"), what, "Write retry, or name another model.")


@needs("partners", "groups", "waves", "factors", "language")
def lines_fit(context: Context) -> None:
    """E862: a line may be said in the talks where its partner may sit."""
    language = context.study.language
    for name, partner in _models(context):
        bounds = list(bounds_of(context, name))
        for place, lines in _own_lines(partner):
            found = said_in(lines, language)
            for path, line in _numbered(("partners", name, *place), *found) if found else ():
                for where, low, high in bounds:
                    if what := unfit(line, where, low, high):
                        context.say("E862", path, what, "Write another.")
        file = said_in(partner.on_failure.lines, language)
        text = context.read(file[1], ("partners", name, "on_failure", "lines", file[0])) if file else None
        for number, line in enumerate((text or "").splitlines(), start=1):
            for where, low, high in bounds if file and line.strip() else ():
                assert file is not None
                if what := unfit(line, where, low, high):
                    context.say_of_file("E862", file[1], number, what, "Write another.")


def _own_lines(partner: ModelPartner) -> Iterator[tuple[Path, Mapping[str, Sequence[str]]]]:
    """The lines that stand in the study file itself: where, and language → each."""
    yield ("on_failure", "line"), {tongue: [line] for tongue, line in partner.on_failure.line.items()}
    asked = partner.asked_if_ai_line
    yield ("asked_if_ai_line",), {tongue: [said] if isinstance(said, str) else said for tongue, said in asked.items()}


def _numbered(path: Path, tongue: str, lines: Sequence[str]) -> Iterator[tuple[Path, str]]:
    for number, line in enumerate(lines):
        yield (*path, tongue, number) if len(lines) > 1 else (*path, tongue), line


def unfit(line: str, where: str, low: int, high: int) -> str:
    n = len(line.strip())
    return "" if low <= n <= high else f"has {n} characters; {where} takes {low} to {high}."


@needs("partners", "forbidden_words")
def forbidden_words_can_be_kept(context: Context) -> None:
    """E863: no line of the study says what it forbids its models to say; and no persona does."""
    forbidden = [word.casefold() for word in context.study.forbidden_words]
    for name, partner in _models(context):
        own: list[tuple[Path, str]] = []
        for place, lines in _own_lines(partner):
            for tongue, said in lines.items():
                own += _numbered(("partners", name, *place), tongue, said)
        for path, line in own:
            for word in (one for one in forbidden if one in line.casefold()):
                context.say("E863", path, f'says "{word}", which is in `forbidden_words`.', "Say it otherwise.")
        places: dict[str, Path] = {}
        for at, file in personas_in(partner.personas):
            places.setdefault(file, ("partners", name, "personas", *at))
        for file, named in places.items():
            text = context.read(file, named)
            for number, line in enumerate((text or "").splitlines(), start=1):
                for word in (one for one in forbidden if one in line.casefold()):
                    what = f'tells the model "{word}", which it may not say to anybody.'
                    context.say_of_file("E863", file, number, what, "Take it out: what it does not know it cannot say.")


@needs("partners", "groups", "waves", "factors", "language")
def limits_are_known(context: Context) -> None:
    """W860 to W862: what a policy cannot do, what another model means, and where no rule by words can be kept."""
    for name, partner in _models(context):
        policy, path = partner.on_failure, ("partners", name, "on_failure")
        if policy.then in ("line", "pause"):
            for where in dict.fromkeys(_numbers(context, name)):
                then = "the match is void at once" if policy.decisions == "end" else "the step's deadline decides"
                what = f"{policy.then}: at {where} a number or a choice is wanted, and no line can be one: {then}."
                remedy = "Write `decisions: deadline` or `decisions: end` to say that you know; or on_timeout.impute."
                if "decisions" not in policy.model_fields_set:
                    context.say("W860", (*path, "then"), what, remedy)
        if policy.fallback is not None:
            what = "is another model, and so another treatment; whoever meets it met two."
            remedy = "Plan what you do with them: they are `fallback` in failed_turns.csv."
            context.say("W861", (*path, "fallback"), what, remedy)
    language = context.study.language
    if language[:2] not in OURS and any(True for _ in _models(context)):
        what = f'in "{language}" nobody sees by words who asks a model what it is: `asked_if_ai` is only in its prompt.'
        context.say("W862", ("language",), what, "Read `kind_questions` with care; see docs/identity.md.")


@needs("partners", "groups", "waves", "factors", "told")
def failing_is_not_seen(context: Context) -> None:
    """W863: what happens to a step only beside a program, where the program may be taken for a person."""
    for name, partner in _models(context):
        policy = partner.on_failure
        seen = [f"then: {policy.then}"] if policy.then in ("pause", "end") else []
        seen += ["decisions: end"] if policy.decisions == "end" else []
        if seen and is_hidden(context, name, partner):
            what = f"says {' and '.join(seen)}: only beside a program does a step last longer, or end before its time."
            remedy = "Write silence or line, and decisions: deadline; or count those who saw it, by failed_turns.csv."
            context.say("W863", ("partners", name, "on_failure"), what, remedy)


@needs("partners", "groups", "waves", "factors", "language", "told")
def words_are_ones_own(context: Context) -> None:
    """W864: a line of ours is the same in every study, and public: whoever knows it knows who says it."""
    language = context.study.language
    for name, partner in _models(context):
        policy = partner.on_failure
        if language[:2] not in OURS or not meets_people(context, name) or not is_hidden(context, name, partner):
            continue
        if not _has_words(context, name):
            continue
        tells = "the platform's is public and the same in every study, so whoever knows it knows a program by it."
        if partner.asked_if_ai != "admit" and not said_in(partner.asked_if_ai_line, language):
            what = f'has no line in "{language}" for `asked_if_ai: {partner.asked_if_ai}`: {tells}'
            remedy = (
                f'Write several of your own, asked_if_ai_line: {{{language[:2]}: ["…", "…"]}}; one is drawn each time.'
            )
            context.say("W864", ("partners", name, "asked_if_ai"), what, remedy)
        if not (said_in(policy.line, language) or said_in(policy.lines, language)):
            what = f'has no line in "{language}" for a reply that may not be said: {tells}'
            remedy = "Write several of your own in a file, on_failure: {lines: {…: FILE}}; `then` may stay as it is."
            context.say("W864", ("partners", name), what, remedy)


def _has_words(context: Context, partner: str) -> bool:
    """Whether a partner is asked for words, in a talk or at a decision."""
    for stage, plan in games_of(context, partner):
        experiment = found_experiment(stage)
        roles = [role for role, seats in plan.roles.items() if seats.ai or plan.replacement == partner]
        for step in leaves(experiment.steps) if experiment else ():
            asked = [step.fields_of(role) for role in roles] if isinstance(step, Decision) else []
            if isinstance(step, Talk) or any(_are_words(one) for one in asked):
                return True
    return False


def _are_words(fields: object) -> bool:
    """Also where it depends on what the seat sees which fields there are."""
    return any(isinstance(one, Text) for one in fields) if isinstance(fields, list | tuple) else bool(fields)


def games_of(context: Context, partner: str) -> Iterator[tuple[GameStage, GroupPlan]]:
    """The games in which a partner may sit, with who else sits there."""
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        plan = context.study.groups.get(group_of(context.study, stage.id))
        if plan is not None and partner in plan.automated:
            yield stage, plan


def bounds_of(context: Context, partner: str) -> Iterator[tuple[str, int, int]]:
    """The talks where a partner may sit, with their shortest and longest message."""
    for stage, _ in games_of(context, partner):
        experiment = found_experiment(stage)
        talks = [step for step in leaves(experiment.steps) if isinstance(step, Talk)] if experiment else []
        for parameters in found_parameters(context.study, stage):
            for talk in talks:
                try:
                    low = parameters.number(talk.channel.min_chars) if isinstance(talk.channel, Chat) else 0
                    yield f"{stage.id}/{talk.name}", low, parameters.number(talk.channel.max_chars)
                except (KeyError, TypeError, ValueError):  # E460 says so
                    continue


def _numbers(context: Context, partner: str) -> Iterator[str]:
    """The steps at which a partner is asked for more than words."""
    for stage, plan in games_of(context, partner):
        experiment = found_experiment(stage)
        for step in leaves(experiment.steps) if experiment else ():
            roles = [role for role, seats in plan.roles.items() if seats.ai or plan.replacement == partner]
            if isinstance(step, Decision) and any(_wants_more(step.fields_of(role)) for role in roles):
                yield f"{stage.id}/{step.name}"


def _wants_more(fields: object) -> bool:
    asked = [one for one in fields if isinstance(one, Field)] if isinstance(fields, list | tuple) else []
    texts = [one for one in asked if isinstance(one, Text)]
    return bool(fields) and (len(texts) != 1 or any(one.required for one in asked if not isinstance(one, Text)))


CHECKS = [
    lines_are_there, lines_fit, forbidden_words_can_be_kept, limits_are_known, failing_is_not_seen, words_are_ones_own,
]  # fmt: skip
