"""Models that take a partner's notes: who they are at which level, and whether they have room to write."""

from collections.abc import Iterator

from studies.checks.context import Context, needs
from studies.schema_memory import (
    AnyMemory,
    FactsMemory,
    MemoryByLevel,
    NotesByModel,
    SummaryMemory,
    rules_of,
    writer_of,
)
from studies.schema_partners import AutomatedPartner
from studies.yaml_file import Path

CHARS_OF_A_TOKEN = 3  # few: better to warn of a limit that would have done than to lose notes to one that does not
TOKENS_OF_A_LINE = 20


def note_takers(name: str, memory: AnyMemory | None) -> Iterator[tuple[Path, NotesByModel]]:
    """The models that take a partner's notes, with where the study file names each."""
    for level, rule in rules_of(memory).items() if memory is not None else ():
        writer = writer_of(rule)
        if writer is not None:
            here: Path = ("partners", name, "memory")
            yield (*here, *(("values", level) if level else ()), "noted_by"), writer


@needs("partners")
def levels_have_one_writer(context: Context) -> None:
    """W880: what differs between two levels is what is noted, and not also who notes it."""
    for name, partner in context.study.partners.items():
        memory = partner.memory if isinstance(partner, AutomatedPartner) else None
        rules = memory.values.values() if isinstance(memory, MemoryByLevel) else ()
        writers = {_who(rule) for rule in rules if isinstance(rule, SummaryMemory | FactsMemory)}
        if len(writers) > 1:
            what = f"is noted at one level by {' and at another by '.join(sorted(writers))}: two things differ at once."
            remedy = "Let one model, or the rules by words, take the notes at every level that has any."
            context.say("W880", ("partners", name, "memory", "values"), what, remedy)


def _who(rule: SummaryMemory | FactsMemory) -> str:
    return rule.noted_by.model.name if rule.noted_by is not None else "rules by words"


@needs("partners")
def notes_have_room(context: Context) -> None:
    """W881: an answer that is cut off is no answer, so that notes would never be renewed."""
    for name, partner in context.study.partners.items():
        memory = partner.memory if isinstance(partner, AutomatedPartner) else None
        least = {level: _tokens(rule) for level, rule in rules_of(memory).items()} if memory is not None else {}
        for path, writer in note_takers(name, memory):
            level = path[-2] if path[-3:-2] == ("values",) else ""
            wanted = least[str(level)]
            if writer.model.max_tokens < wanted:
                what = f"is {writer.model.max_tokens}, and notes as long as this rule lets them be need about {wanted}."
                context.say("W881", (*path, "model", "max_tokens"), what, f"Write max_tokens: {wanted} or more.")


def _tokens(rule: object) -> int:
    """About how many tokens the longest notes of a rule have."""
    match rule:
        case SummaryMemory(chars=chars):
            return chars // CHARS_OF_A_TOKEN + TOKENS_OF_A_LINE
        case FactsMemory(max_facts=most):
            return most * TOKENS_OF_A_LINE
        case _:
            return 0


CHECKS = [levels_have_one_writer, notes_have_room]
