"""What partners are called against what they are, and who is shown it: draws, who knows, what is read of it."""

import re
from collections.abc import Iterator, Mapping, Sequence

from studies.checks.context import Context, meant, needs
from studies.checks.ethics import alike, labels_in, situations, under
from studies.checks.stages import needs_nobody
from studies.schema import RELATIONS
from studies.schema_partners import DrawnLabel, GroupPlan, Label
from studies.schema_stages import BriefingStage, ConsentStage, DebriefStage, InstructionsStage
from studies.yaml_file import Path

DECLARE = "Declare it: deception: [{what: false_label, approved_by: …, reference: …, debrief: …}]."
WHO_KNOWS: Path = ("told", "who_knows")
_MARKS = re.compile(r"[*_`>#]+")
_ALL_SEE = re.compile(
    r"\b(all|every\w*|each)\b[^.!?]*\bsees?\b[^.!?]*\b(marks?|labels?)\b"
    r"|\b(alle|jeder?)\b[^.!?]*\b(sehen|sieht)\b[^.!?]*\b(markierung(en)?|kennzeichen|bezeichnung(en)?)\b",
    re.IGNORECASE,
)
_SOME_SEE = re.compile(
    r"\bonly\b[^.!?]*\bsees?\b[^.!?]*\b(marks?|labels?)\b"
    r"|\bnur\b[^.!?]*\b(sehen|sieht)\b[^.!?]*\b(markierung(en)?|kennzeichen|bezeichnung(en)?)\b",
    re.IGNORECASE,
)


@needs("deception", "partners")
def drawn_labels_declared(context: Context) -> None:
    """E211: a label that is drawn whoever sits there may be false, and is in `deception`."""
    if _may_be_false(context):
        return
    for name, partner in context.study.partners.items():
        for path in _drawn_in(partner.label):
            what = "is drawn whoever sits there, so it may say what is not true."
            context.say("E211", ("partners", name, "label", *path), what, DECLARE)


def _may_be_false(context: Context) -> bool:
    return any(entry.what == "false_label" for entry in context.study.deception)


def _drawn_in(label: Label) -> Iterator[Path]:
    if label.draw is not None:
        yield ("draw",)
    yield from (("values", level) for level, said in label.values.items() if isinstance(said, DrawnLabel))


@needs("deception", "waves")
def truth_is_told(context: Context) -> None:
    """E212: where labels may be false, the debrief that explains it tells who was who."""
    pages = {entry.debrief for entry in context.study.deception if entry.what == "false_label"}
    for path, stage in context.stages("debrief"):
        if isinstance(stage, DebriefStage) and stage.page in pages and not stage.reveals_partners:
            what = "labels may be false, and this page does not tell people who was who."
            context.say("E212", (*path, "reveals_partners"), what, "Set reveals_partners: true.")


@needs("told", "groups")
def roles_are_known(context: Context) -> None:
    """E213: who knows labels is said of every role, and of no other."""
    said = context.study.told.who_knows
    if isinstance(said, str):
        return
    roles = {role for plan in context.study.groups.values() for role in plan.roles}
    for role in said:
        if role not in roles:
            context.say("E213", (*WHO_KNOWS, role), "no group has such a role.", meant(role, roles))
    for role in sorted(roles - set(said)):
        what = f'says nothing of the role "{role}".'
        context.say("E213", WHO_KNOWS, what, f"Add {role}: all, others, own or none, or a list of {_listed()}.")


def _listed() -> str:
    return ", ".join(RELATIONS)


@needs("told", "groups", "partners")
def labels_are_shown(context: Context) -> None:
    """E214: labels that are declared are shown to somebody."""
    for plan in context.study.groups.values():
        persons, machines = labels_in(context, plan)
        words = [word for label in (*persons.values(), *machines.values()) for word in label.words]
        if words and not any(context.study.told.labels_known(role) for role in plan.roles):
            what = f'nobody is shown a label, but partners have some: "{words[0]}".'
            context.say("E214", WHO_KNOWS, what, "Say who is shown them: everybody, or by role.")


@needs("partners", "groups", "factors")
def draws_are_alike(context: Context) -> None:
    """W211: labels that are drawn for one kind of partner are drawn alike for the other."""
    for plan in context.study.groups.values():
        persons, machines = labels_in(context, plan)
        for person, one in persons.items():
            for machine, other in machines.items():
                pairs = ((under(one, levels), under(other, levels)) for levels in situations(context, one, other))
                if any(max(len(a), len(b)) > 1 and not alike(a, b) for a, b in pairs):
                    what = f'is not drawn as that of "{person}" is: what is shown tells something of who it is.'
                    remedy = "Draw both from the same labels with the same weights, unless this is meant."
                    context.say("W211", ("partners", machine, "label"), what, remedy)


@needs("partners", "groups", "factors", "waves", "told")
def labels_are_explained(context: Context) -> None:
    """W212: where labels tell partners apart, a page before the game says what players will be shown."""
    if needs_nobody(context):
        return
    for plan in context.study.groups.values():
        persons, machines = labels_in(context, plan)
        named = {**persons, **machines}
        if len(named) < 2 or not any(context.study.told.labels_known(role) for role in plan.roles):
            continue
        for levels in situations(context, *named.values()):
            shown = {name: under(label, levels) for name, label in named.items()}
            if any(not alike(one, other) or len(one) > 1 for one in shown.values() for other in shown.values()):
                _explained(context, levels, shown)


def _explained(context: Context, levels: Mapping[str, str], shown: Mapping[str, Mapping[str, int]]) -> None:
    pages = list(_read(context, levels))
    where = " under " + ", ".join(f"{name}={level}" for name, level in levels.items()) if levels else ""
    for name, labels in shown.items():
        for word in filter(None, labels):
            said = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
            if not any(texts and all(map(said.search, texts)) for texts in pages):
                what = f'"{word}" is shown to players{where}, but no page before the game says so.'
                remedy = "Write on the condition page what is shown, and to whom."
                context.say("W212", ("partners", name, "label"), what, remedy)


def _read(context: Context, levels: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """The texts before the game, as read under some levels; several where another factor decides between them."""
    for path, stage in context.stages():
        if isinstance(stage, ConsentStage):
            yield [_plain(context.read(stage.document, (*path, "document")))]
        elif isinstance(stage, InstructionsStage):
            for at, file in enumerate(stage.pages):
                yield [_plain(context.read(file, (*path, "pages", at)))]
        elif isinstance(stage, BriefingStage):
            chosen = [levels[stage.by]] if stage.by and stage.by in levels else list(stage.pages)
            files = [(level, stage.pages[level]) for level in chosen if level in stage.pages]
            yield [_plain(context.read(file, (*path, "pages", level))) for level, file in files]


@needs("told", "groups", "waves")
def pages_and_file_agree(context: Context) -> None:
    """W213: no page says that all, or only some, are shown labels where the file says otherwise."""
    told = context.study.told
    knows = [told.labels_known(role) == RELATIONS for plan in _plans(context) for role in plan.roles]
    if not knows:
        return
    contrary, said = (_SOME_SEE, "only some") if all(knows) else (_ALL_SEE, "all")
    for path, stage in context.stages("instructions", "briefing"):
        assert isinstance(stage, InstructionsStage | BriefingStage)
        pages = stage.pages.items() if isinstance(stage, BriefingStage) else enumerate(stage.pages)
        for at, file in pages:
            found = contrary.search(_plain(context.read(file, (*path, "pages", at))))
            if found:
                what = f'says that {said} players are shown labels ("{found[0]}"), but told.who_knows says otherwise.'
                context.say_of_file("W213", file, None, what, "Mend the page, or told.who_knows.")


def _plans(context: Context) -> list[GroupPlan]:
    return list(context.study.groups.values())


def _plain(text: str | None) -> str:
    """A text without marks of emphasis and ends of lines, as it is read."""
    return " ".join(_MARKS.sub("", text or "").split())


CHECKS = [
    drawn_labels_declared,
    truth_is_told,
    roles_are_known,
    labels_are_shown,
    draws_are_alike,
    labels_are_explained,
    pages_and_file_agree,
]
