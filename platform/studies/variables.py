"""What a study knows of each person that an exclusion may name: what it may be, and after which stage it is known."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from pydantic import ValidationError

from paradigm import Choice, Points, Rating
from paradigm.experiment import one_round
from studies.definition import experiment, parameters_by_level
from studies.domains import Domain, Numbers, Words
from studies.grammar import Pair
from studies.items import Item
from studies.problems import StudyError
from studies.rules import comparisons, rule_of
from studies.schema import StudyFile
from studies.schema_allocation import Allocation, Moment
from studies.schema_stages import BriefingStage, GameStage, QuizStage, SurveyStage, WaitingRoomStage

T = TypeVar("T")
ItemsOf = Callable[[QuizStage | SurveyStage], Sequence[Item]]
END = "end"  # of the last visit: known only then
AT_ENTRY = -1


@dataclass(frozen=True)
class Variable:
    """One thing that is known of a person.

    Attributes:
        domain: What it may be.
        stage: Id of the stage after which it is known for good; `END` where that is the end of the last visit.
        place: Of that stage, from 0; behind the last one for `END`.
        item: For an answer: the item. Empty where the platform counts.
    """

    name: str
    label: str
    domain: Domain
    stage: str
    place: int
    item: str = ""


def variables_of(study: StudyFile, items_of: ItemsOf) -> dict[str, Variable]:
    """Every variable of a study by name. What stands for two things has none, as its name says too little.

    Args:
        items_of: The items of a quiz or survey, with every bound worked out; none where they cannot be read.
    """
    every = _every(study, items_of)
    unclear = _twice(every)
    return {one.name: one for one in every if one.name not in unclear}


def unclear_names(study: StudyFile, items_of: ItemsOf) -> set[str]:
    """Names that stand for two things: items of two stages, or an item and what the platform counts."""
    return _twice(_every(study, items_of))


def always_true(known: Mapping[str, Variable]) -> list[Pair]:
    """Comparisons of variables that hold for everybody, by what the variables are."""
    said = ["quiz_minutes <= minutes"] if {"quiz_minutes", "minutes"} <= set(known) else []
    rounds = known["rounds_completed"].domain if {"rounds_completed", "rounds_void"} <= set(known) else None
    if isinstance(rounds, Numbers) and rounds.high is not None:
        said.append(f"rounds_completed + rounds_void <= {rounds.high}")
    return [pair for text in said for pair in comparisons(rule_of(text))]


def _every(study: StudyFile, items_of: ItemsOf) -> list[Variable]:
    return [*_answers(study, items_of), *_counts(study, items_of)]


def _twice(variables: Sequence[Variable]) -> set[str]:
    return {name for name, count in Counter(one.name for one in variables).items() if count > 1}


def allocated_after(study: StudyFile) -> int:
    """The place of the stage at whose end people are first allocated, alone or as a group; -1 at entry.

    Where nothing is allocated, that at whose end they are first put into groups, or behind all stages.
    """
    alike = next(iter(_rooms(study)), len(study.stages))
    return min((given_after(study, rule) for rule in study.allocations), default=alike)


def given_after(study: StudyFile, rule: Allocation) -> int:
    """The place of the stage after which one entry gives its levels."""
    ids = [stage.id for stage in study.stages]
    if isinstance(rule.at, str) and rule.at in ids:
        return ids.index(rule.at)
    if rule.at == "entry":
        return AT_ENTRY
    if isinstance(rule.at, Moment) and rule.at.session:
        return AT_ENTRY if rule.at.session == 1 else len(study.stages)
    return next(iter(_rooms(study)), AT_ENTRY)


def _rooms(study: StudyFile) -> list[int]:
    return [at for at, stage in enumerate(study.stages) if isinstance(stage, WaitingRoomStage)]


def attention_items(items: Sequence[Item]) -> list[str]:
    """Those of a survey that have a right answer: they ask whether somebody reads what is asked."""
    return [item.id for item in items if item.correct is not None]


def _counts(study: StudyFile, items_of: ItemsOf) -> Iterator[Variable]:
    yield from _of_quizzes(study)
    yield from _of_checks(study, items_of)
    yield from _of_games(study)
    label = "Minutes from entering to the end of the last visit."
    yield Variable("minutes", label, Numbers(Fraction(0), is_whole=False), END, len(study.stages))


def _of_quizzes(study: StudyFile) -> Iterator[Variable]:
    quizzes = _placed(study, QuizStage)
    if not quizzes:
        return
    last, stage = quizzes[-1]
    longest = Fraction(sum(quiz.seconds * _visits_at(study, at) for at, quiz in quizzes), 60)
    yield Variable("quiz_attempts", "How often answers to a quiz were sent.", Numbers(Fraction(0)), stage.id, last)
    label = "Minutes from opening a quiz to its end."
    yield Variable("quiz_minutes", label, Numbers(Fraction(0), longest, is_whole=False), stage.id, last)


def _of_checks(study: StudyFile, items_of: ItemsOf) -> Iterator[Variable]:
    briefings = [(at, one.id, len(one.check) * _visits_at(study, at)) for at, one in _placed(study, BriefingStage)]
    label = "Checks of condition pages that were still answered wrong in the end."
    yield from _counted("checks_failed", label, briefings)
    surveys = [
        (at, one.id, len(attention_items(items_of(one))) * _visits_at(study, at))
        for at, one in _placed(study, SurveyStage)
    ]
    label = "Attention items of surveys that were answered otherwise than they asked."
    yield from _counted("attention_failed", label, surveys)


def _counted(name: str, label: str, stages: Sequence[tuple[int, str, int]]) -> Iterator[Variable]:
    """A number of failures at so many items; none where no stage has such items."""
    asking = [(at, stage, count) for at, stage, count in stages if count]
    if asking:
        at, stage, _ = asking[-1]
        most = Fraction(sum(count for _, _, count in asking))
        yield Variable(name, label, Numbers(Fraction(0), most), stage, at)


def _of_games(study: StudyFile) -> Iterator[Variable]:
    games = _placed(study, GameStage)
    if not games:
        return
    at, stage = games[-1]
    bounds = [(_rounds(study, game), _visits_at(study, place)) for place, game in games]
    most = None if any(one is None for one, _ in bounds) else Fraction(sum((one or 0) * often for one, often in bounds))
    for name, label in (
        ("rounds_completed", "Rounds in which the person met others and which counted."),
        ("rounds_void", "Rounds in which the person met others and which did not count."),
    ):
        yield Variable(name, label, Numbers(Fraction(0), most), stage.id, at)
    yield Variable("missed_acts", "Acts of the game that did not come in time.", Numbers(Fraction(0)), stage.id, at)


def _rounds(study: StudyFile, game: GameStage) -> int | None:
    """The most rounds a game can have; None where chance decides, or the experiment cannot be had."""
    try:
        found = experiment(game.experiment)
        most = max(int(getattr(values, "rounds", 1)) for _, values in parameters_by_level(study, game))
        return most if found.rounds is one_round else None
    except (KeyError, StudyError, ValidationError):
        return None


def _answers(study: StudyFile, items_of: ItemsOf) -> Iterator[Variable]:
    for at, stage in enumerate(study.stages):
        if isinstance(stage, QuizStage | SurveyStage):
            for item in items_of(stage):
                domain = _domain(item)
                if domain is not None and not item.scale:  # of a scale no single item has a name in rules
                    yield Variable(item.id, item.field.label, domain, stage.id, at, item=item.id)
        elif isinstance(stage, BriefingStage):
            for check in stage.check:
                words = Words(tuple(option.value for option in check.options))
                yield Variable(check.id, check.label, words, stage.id, at, item=check.id)


def _domain(item: Item) -> Domain | None:
    """What may be answered; None for words of one's own."""
    field = item.field
    if isinstance(field, Choice) and not callable(field.options):
        return Words(tuple(option.value for option in field.options))
    if isinstance(field, Points | Rating):
        return Numbers(Fraction(int(field.low)), Fraction(int(field.high)))
    return None


def _visits_at(study: StudyFile, place: int) -> int:
    """At how many visits of a person a stage comes."""
    return [wave.repeat for wave in study.waves for _ in wave.stages][place]


def _placed(study: StudyFile, kind: type[T]) -> list[tuple[int, T]]:
    return [(at, stage) for at, stage in enumerate(study.stages) if isinstance(stage, kind)]
