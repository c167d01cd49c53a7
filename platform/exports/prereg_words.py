"""A preregistration to be read: the sections that registries ask for, in Markdown."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from exports.prereg import Content
from exports.prereg_scales import lines_of

WHAT_IT_IS = """Written from the study file by `manage.py study prereg`: the registered text and the running study come
from one source. `prereg.json` beside it says the same for programs; its sha256 is below. Nobody is taken out of the
dataset: `exclusions.csv` says who met which rule.
"""
DECEPTIONS = {
    "omission": "something is not told",
    "false_label": "a label may not be true, an AI says that it is a person, or nobody is told that there is AI",
    "delay": "answers of programs take as long as people's",
    "wizard": "staff write as the AI",
}
COUNTS = {
    ("group", "started"): "groups that have begun",
    ("group", "completed"): "groups that played to the end",
    ("group", "analysable"): "groups that played to the end, in which nobody withdrew or meets a registered "
    "pre-treatment exclusion",
    ("participant", "started"): "people who agreed to take part",
    ("participant", "completed"): "people who completed the study and did not withdraw",
    ("participant", "analysable"): "people who completed the study, did not withdraw, and meet no registered "
    "pre-treatment exclusion",
}
METHODS = {
    "permuted_block": "permuted blocks",
    "quota": "quotas",
    "minimisation": "minimisation",
    "latin_square": "balanced orders",
    "simple": "independent draws",
}
MORE = ("factors", "block_sizes", "weights", "targets", "strata", "covariates")
"""What else an entry of `allocation` may say, in the order in which it is told."""
MORE_OF = {"minimisation": ("imbalance", "probability")}
NOT_DRAWN = "The seed is drawn when the study is frozen; its sha256 then stands here."
NOTHING = "Nothing is declared."


def as_markdown(content: Content) -> str:
    """The whole document; the same content gives the same bytes."""
    study = content["study"]
    frozen = f"frozen version {study['number']}" if study["number"] else "not frozen yet"
    registered = content["registration"]
    head = [
        f"# Preregistration: {study['title']}",
        "",
        WHAT_IT_IS,
        f"* Study `{study['id']}`, version {study['version']}, {frozen}, sha256 `{study['sha256']}`",
        f"* sha256 of the machine-readable content: `{content['sha256']}`",
        f"* Registered: {registered['url'] or 'no address yet'}, {registered['registered_on'] or 'no day yet'}",
        f"* Ethics approval: {study['ethics_ref'] or 'none given'}",
        "",
    ]
    if study["note"]:
        head += [study["note"], ""]
    return "\n".join(
        [*head, *(line for title, section in SECTIONS for line in ("## " + title, "", *section(content), ""))]
    )


def _hypotheses(content: Content) -> Iterator[str]:
    for each in content["hypotheses"]:
        yield f"* **{each['id']}** (outcome `{each['outcome']}`): {each['text']}"
        yield f"  * Criterion: {each['criterion'] or 'not said.'}"
    yield from ("", f"Several tests: {content['multiplicity'] or 'how they are taken into account is not said.'}")


def _estimands(content: Content) -> Iterator[str]:
    for each in content["estimands"]:
        yield f"* **{each['id']}** (for {each['hypothesis']}): {each['text']}"
    if not content["estimands"]:
        yield NOTHING


def _design(content: Content) -> Iterator[str]:
    design = content["design"]
    yield f"An experiment of about {design['estimated_minutes']} minutes. Stages: " + ", ".join(
        f"`{stage['id']}` ({stage['kind'].replace('_', ' ')})" for stage in design["stages"]
    )
    yield ""
    for name, plan in design["groups"].items():
        seats = "; ".join(f"{role}: {one['humans']} people, {one['ai']} AI" for role, one in plan["roles"].items())
        yield f"* Group `{name}`: {seats}"
        if isinstance(filled := plan["partners"]["ai"], Mapping):
            yield f"* Automated seats of `{name}` are filled by `{filled['by']}`: {_plain(filled['values'])}"
    for name in design["automated"]:
        yield f"* Partner `{name}`: {_plain(design['partners'][name])}"
    yield from ("", *_pay(design))
    for game in design["games"]:
        yield from ("", f"Game `{game['experiment']}` at stage `{game['stage']}`:", "")
        rows = [
            [each["name"], _written(each["value"]), each["unit"], each["label"], each["source"]]
            for each in game["parameters"]
        ]
        yield from _table(["parameter", "value", "unit", "meaning", "source"], rows)
        yield from ("", *_mishaps(game))


def _mishaps(game: Mapping[str, Any]) -> Iterator[str]:
    """What becomes of a game when somebody does not act, or leaves."""
    rule = game["on_timeout"]
    yield "A round in which an act does not come in time is void, save for what is imputed."
    yield f"Imputed: {_plain(rule['impute']) or 'nothing'}. Acts missed in a row until one is out: {rule['strikes']}."
    yield f"The group ends with fewer people than: {_plain(game['min_active']) or 'no number is set'}."


def _pay(design: Mapping[str, Any]) -> Iterator[str]:
    said = design["payments"]
    currency, points = said["currency"], said["points"]
    hourly = f"at least {said['minimum_hourly']} {currency} an hour"
    yield f"Pay: {said['base']} {currency} for a whole visit, {hourly}, points not counted."
    yield f"A point pays {points['rate']} {currency}, all points {points['max']} at most." if points else "No bonus."
    yield design["points_rule"]
    yield from (f"Waiting pays {amount} {currency} a minute." for amount in design["waiting"])
    exits = [" ".join([name, each["pay"], each["amount"] or ""]).strip() for name, each in design["exits"].items()]
    yield f"Exits pay: {', '.join(exits)}."


def _allocation(content: Content) -> Iterator[str]:
    seed = content["seed_sha256"]
    if not content["allocation"]:
        yield "Nothing is manipulated, so nothing is allocated: there is one condition."
        yield ""
    for said in content["allocation"]:
        yield f"Unit: {said['unit']}. Method: {METHODS[said['method']]}, drawn from a secret seed."
        yield f"Given at: {_at(said['at'])}."
        more = (*MORE, *MORE_OF.get(said["method"], ()))
        yield from (f"{name.capitalize().replace('_', ' ')}: {_plain(said[name])}." for name in more if said[name])
        yield "Conditions:"
        yield ""
        yield from (f"* `{condition or 'one condition'}`" for condition in said["conditions"])
        yield ""
    yield f"sha256 of the seed, so that the draw can be checked once it is open: `{seed}`" if seed else NOT_DRAWN
    yield ""
    yield "The analysis set is everyone allocated, less whom an exclusion of the main analysis leaves out."
    yield "Trials, pilots and groups with stand-ins are in no analysis."


def _at(said: Any) -> str:
    """The moment of an allocation: a name, or a round or session."""
    if said == "formation":
        return "formation, when a group has come together"
    return str(said) if isinstance(said, str) else ", ".join(f"{name} {n}" for name, n in said.items() if n)


def _blinding(content: Content) -> Iterator[str]:
    told = content["told"]
    yield f"Participants are told that AI may be present: {'yes' if told['ai_may_be_present'] else 'no'}."
    yield f"How exactly its share is told: {told['share']}. Who is shown labels: {_plain(told['who_knows'])}."
    for name, partner in content["design"]["partners"].items():
        if draw := partner["label"]["draw"]:
            yield f"Labels of partner `{name}` are drawn anew for each seat and match, by weight: {_plain(draw)}."
    if told["sentence"]:
        yield f"The words they read: *{told['sentence']}*"
    if horizon := content.get("horizon"):
        yield f"Whether they are told how many visits there are: {_plain(horizon['tells'])}."
        for wave, between in horizon["between"].items():
            yield f"Those who are not read of {between['least']} to {between['most']} visits of `{wave}`."
    yield ""
    for each in content["deception"]:
        yield f"* {each['what']} ({DECEPTIONS[each['what']]}): approved by {each['approved_by']}, {each['reference']}; "
        yield f"  explained on `{each['debrief']}`"
    if not content["deception"]:
        yield "No deception."


def _sample(content: Content) -> Iterator[str]:
    said = content["sample"]
    yield f"Target: {said['target']} {COUNTS[said['unit'], said['counts']]}{_people(content)}."
    if said["unit"] == "group":
        yield "A group with stand-ins never counts."
    yield "Then nobody new is let in; who is there goes on."
    yield f"Last day on which somebody new is let in: {said['until'] or 'none'}."
    pilot = f"{said['pilot']['target']} people, never part of the sample" if said["pilot"] else "none"
    yield f"Pilot: {pilot}."
    yield from ("", f"Besides: {content['stopping'] or 'no other rule stops the study.'}")
    yield from ("", f"Why this target: {content['power'] or 'not said.'}")


def _people(content: Content) -> str:
    """How many people a target of groups means, where all groups are of one size."""
    said, groups = content["sample"], content["design"]["groups"]
    sizes = {sum(one["humans"] for one in plan["roles"].values()) for plan in groups.values()}
    if said["unit"] != "group" or len(sizes) != 1:
        return ""
    size = sizes.pop()
    return f", of {size} people each: {said['target'] * size} people"


def _who_takes_part(content: Content) -> Iterator[str]:
    yield "To take part one must tick:"
    yield ""
    yield from (f"* {each['label']}" for each in content["agreed_to"] if each["required"])
    optional = [each for each in content["agreed_to"] if not each["required"]]
    if optional:
        yield from ("", "One may also tick:", "", *(f"* {each['label']}" for each in optional))


def _prompts(content: Content) -> Iterator[str]:
    for each in content["prompts"]:
        yield f"Partner `{each['partner']}`, `{each['file']}`:"
        yield from ("", *(f"> {line}".rstrip() for line in each["text"].splitlines()), "")
    if not content["prompts"]:
        yield "No language model takes part."


def _manipulated(content: Content) -> Iterator[str]:
    for factor in content["manipulated"]:
        yield f"### {factor['factor']}"
        yield from ("", factor["note"] or "No note.", "")
        for level in factor["levels"]:
            labels = ", ".join(
                f'{name} "{label}"' if label else f"{name} none" for name, label in level["labels"].items()
            )
            numbers = ", ".join(f"{name}: {value}" for name, value in level["parameters"].items())
            told = [("labels", labels), ("parameters", numbers)]
            told += [(what, _plain(level[what])) for what in ("personas", "models") if what in level]
            said = "".join(f"; {what}: {each}" for what, each in told if each)
            yield f"* **{level['level']}**{said}"
            for page in level["pages"]:
                yield f"  * `{page['file']}` reads:"
                yield from (f"    > {line}".rstrip() for line in page["text"].splitlines())
        yield from ("", _noticed(factor["check"]), "")
    if not content["manipulated"]:
        yield NOTHING


def _noticed(check: Mapping[str, Any] | None) -> str:
    """By which answers one sees that people noticed their level."""
    if check is None:
        return "No manipulation check."
    expected = [
        f"{level}: {' or '.join(map(str, said if isinstance(said, list) else [said]))}"
        for level, said in check["expected"].items()
    ]
    return f"Manipulation check: `{check['item']}`, expected {'; '.join(expected)}."


def _measured(content: Content) -> Iterator[str]:
    rows = [
        [each["id"], each["role"], f"{each['table']}.{each['column']}", each["where"], each.get("label", "")]
        for each in content["outcomes"]
    ]
    yield from _table(["outcome", "role", "column", "rows", "meaning"], rows)
    yield from ("", "Questions:", "")
    asked = [
        [
            each["stage"],
            each["item"],
            each["wording"],
            " / ".join(label for _, label in each["options"]) or each["allowed_values"],
        ]
        for each in content["items"]
    ]
    yield from _table(["stage", "item", "wording", "answers"], asked)
    if scales := content.get("scales"):
        yield from ("", "Scales:", "", *lines_of(scales))
    yield from ("", "Decisions in games:", "")
    decided = [
        [each["step"], each["role"], each["field"], each["wording"], each["allowed_values"], _plain(each["levels"])]
        for each in content["decisions"]
    ]
    yield from _table(["step", "role", "field", "wording", "values", "only where"], decided)


def _exclusions(content: Content) -> Iterator[str]:
    registered = [each for each in content["exclusions"] if each["registered"]]
    yield from _rules(registered) if registered else ["Nobody is excluded."]
    others = [each for each in content["exclusions"] if not each["registered"]]
    if others:
        yield from ("", "In the study file, and no part of this registration:", "", *_rules(others))


def _rules(exclusions: Sequence[Content]) -> Iterator[str]:
    for each in exclusions:
        use = "main analysis" if each["analysis"] == "main" else "sensitivity analysis only"
        yield f"* **{each['id']}**: `{each['rule']}` ({each['when']}; {use}) {each['note']}".rstrip()
        for one in each["variables"]:
            yield f"  * `{one['name']}`: {one['label']} ({one['values']}; known after `{one['known_after']}`)"


def _models(content: Content) -> Iterator[str]:
    rows = [
        [
            each["id"],
            each["outcome"],
            _decided(content, each),
            f"`{each['formula']}`",
            each["family"],
            str(each["level"]),
        ]
        for each in content["models"]
    ]
    header = ["model", "outcome", "hypotheses", "formula", "family", "level of intervals"]
    yield from _table(header, rows) if rows else [NOTHING]
    yield from (f"\n* {each['id']}: {each['note']}" for each in content["models"] if each["note"])


def _decided(content: Content, model: Content) -> str:
    """The hypotheses about a model's outcome."""
    return ", ".join(each["id"] for each in content["hypotheses"] if each["outcome"] == model["outcome"])


def _versions(content: Content) -> Iterator[str]:
    versions = content["versions"]
    yield f"* Rapport {versions['software']}"
    for name, sha256 in sorted(versions["experiments"].items()):
        yield f"* experiment `{name}`: sha256 of its code `{sha256}`"
    for name in content["design"]["models"]:
        yield f"* language model `{name}`"
    yield ""
    yield from _table(["file", "sha256"], [[name, f"`{sha256}`"] for name, sha256 in sorted(versions["files"].items())])


def _text(key: str) -> Callable[[Content], Iterable[str]]:
    return lambda content: [content[key] or NOTHING]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield "|" + "---|" * len(header)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in row)} |"


def _written(value: Any) -> str:
    """A parameter's value as the study file writes it."""
    return ("true" if value else "false") if isinstance(value, bool) else _plain(value)


def _plain(value: Any) -> str:
    """A value in one line: names with their values, without brackets at the outside."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_inside(one)}" for name, one in value.items() if one not in ("", None))
    return _inside(value)


def _inside(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({_plain(value)})"
    return f"[{', '.join(map(_inside, value))}]" if isinstance(value, list) else str(value)


SECTIONS: list[tuple[str, Callable[[Content], Iterable[str]]]] = [
    ("Hypotheses", _hypotheses),
    ("Estimands", _estimands),
    ("Design and conditions", _design),
    ("Allocation", _allocation),
    ("Blinding and deception", _blinding),
    ("Who takes part", _who_takes_part),
    ("Sample and stopping rule", _sample),
    ("Manipulated variables", _manipulated),
    ("Prompts of language models", _prompts),
    ("Measured variables", _measured),
    ("Exclusions", _exclusions),
    ("Missing data", _text("missing")),
    ("Models", _models),
    ("Exploratory analyses", _text("exploratory")),
    ("Versions", _versions),
]
