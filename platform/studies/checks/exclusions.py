"""Rules on whom the analysis leaves out: they name what exists, can be met, and say rightly when that is known."""

from collections.abc import Container, Iterator, Mapping, Sequence

from studies.checks.context import Context, meant, needs
from studies.checks.questions import resolved_items
from studies.checks.texts import known_names
from studies.domains import Words, can_be
from studies.grammar import Node, Pair, Word
from studies.items import Item
from studies.problems import StudyError
from studies.rules import as_text, as_word, comparisons, names_in, rule_of, unknown_in
from studies.schema_plan import Exclusion
from studies.schema_stages import QuizStage, SurveyStage
from studies.variables import Variable, allocated_after, always_true, unclear_names, variables_of
from studies.yaml_file import Path

Known = Mapping[str, Variable]


@needs("exclusions", "waves", "allocation", "exits", "payments", "groups")
def exclusions_can_decide(context: Context) -> None:
    """E420, E421, E422, W423, E408: each rule is over what is known of people, and says when it is known."""
    exclusions = context.study.exclusions
    if known_names(context) is None:
        return  # no item can be read, and why is told
    known = variables_of(context.study, lambda stage: _items(context, stage)) if exclusions else {}
    unclear = unclear_names(context.study, lambda stage: _items(context, stage)) if exclusions else set()
    for at, one in enumerate(exclusions):
        path: Path = ("exclusions", at)
        if one.id in [other.id for other in exclusions[:at]]:
            context.say("E408", (*path, "id"), f'"{one.id}" stands twice.', "Give it another id.")
        rule = _rule(context, (*path, "rule"), one, known, unclear=unclear)
        if rule is not None:
            _decides(context, (*path, "rule"), rule, known)
            _known_in_time(context, path, one, used=[known[name] for name in names_in(rule) if name in known])


def _items(context: Context, stage: QuizStage | SurveyStage) -> Sequence[Item]:
    path = next(path for path, each in context.stages() if each is stage)
    return resolved_items(context, stage, path)


def _rule(context: Context, path: Path, one: Exclusion, known: Known, *, unclear: Container[str]) -> Node | None:
    """The rule, where everything in it has a meaning."""
    try:
        rule = rule_of(one.rule)
    except StudyError as error:
        remedy = "Write comparisons joined by and, or: quiz_attempts > 3 and minutes < 5."
        context.say("E420", path, f"{error}.", remedy)
        return None
    twice = [name for name in dict.fromkeys(names_in(rule)) if name in unclear]
    said = [
        (f'"{name}" stands for two things that are known of people.', "Give the item another id.") for name in twice
    ]
    said = said or [each for pair in comparisons(rule) for each in _misused(pair, known)]
    for what, remedy in said:
        context.say("E420", path, what, remedy)
    return None if said else rule


def _misused(pair: Pair, known: Known) -> Iterator[tuple[str, str]]:
    """What is wrong with one comparison: unknown names, words that nobody can answer, words taken for numbers."""
    named = as_word(pair, known)
    domain = known[named[0]].domain if named else None
    if named and isinstance(domain, Words):
        if named[1] not in domain.values:
            yield f'"{named[1]}" is no answer to {named[0]}.', meant(named[1], domain.values)
        return
    unknown = unknown_in(pair, known)
    for name in unknown:
        yield f'nothing is known of people by the name "{name}".', meant(name, known)
    words = [] if unknown else [name for name in names_in(pair) if isinstance(known[name].domain, Words)]
    sides = isinstance(pair.left, Word) and isinstance(pair.right, Word)
    if words and not (len(words) == 2 and sides and pair.sign in {"==", "!="}):
        yield f"{words[0]} is a word and no number.", f"Compare it with == or != to one of {known[words[0]].domain}."


def _decides(context: Context, path: Path, rule: Node, known: Known) -> None:
    domains = {name: one.domain for name, one in known.items()}
    used = sorted(set(names_in(rule)) & set(known))
    always = [one for one in always_true(known) if set(names_in(one)) <= set(used)]
    for is_met, what in ((True, "can never be met."), (False, "is met by everybody.")):
        if not can_be(rule, domains, met=is_met, always=always):
            spelt = "; ".join([f"{name} is {_spelt(known[name])}" for name in used] + [as_text(one) for one in always])
            context.say("E421", path, what, f"Mend it: {spelt}." if spelt else "Name what is known of people.")


def _spelt(one: Variable) -> str:
    return f"one of {one.domain}" if isinstance(one.domain, Words) else str(one.domain)


def _known_in_time(context: Context, path: Path, one: Exclusion, *, used: Sequence[Variable]) -> None:
    if one.when == "post_treatment":
        what = "is decided after people are allocated, and the primary set is everyone allocated."
        remedy = "It will be reported as a sensitivity analysis; prefer rules on what comes before."
        context.say("W423", path, what, remedy)
        return
    late = next((each for each in used if each.place > allocated_after(context.study)), None)
    if late is not None:
        after = "the end of the last visit" if late.place >= len(context.study.stages) else f'stage "{late.stage}"'
        what = f"is declared pre_treatment, but {late.name} is known only after {after}; people are allocated before."
        context.say("E422", (*path, "when"), what, "Write post_treatment, or ask for it before allocation.")


CHECKS = [exclusions_can_decide]
