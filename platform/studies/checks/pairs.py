"""Pairs of people that last: who they are, when they can meet at all, and what follows when one is not there."""

from collections.abc import Iterator
from datetime import timedelta

from studies.checks.allocation import entries
from studies.checks.context import Context, meant, needs
from studies.checks.ethics import is_hidden
from studies.checks.games import found_experiment
from studies.checks.waves import every_of, nominal, offered_later
from studies.definition import group_of
from studies.lasting import forms_pair, lasting, lasting_group, meets_in
from studies.schema_pairs import DropOut, Lasting
from studies.schema_partners import GroupPlan, PersonPartner
from studies.schema_stages import DebriefStage, GameStage, WaitingRoomStage
from studies.schema_waves import Ending, Wave
from studies.spans import span, spelled
from studies.yaml_file import Path

FIXED = ("study", "participant", "item")
"""Units whose levels stay with two people over their visits, and those within one visit."""
WIDE = 4  # how many longest waits a window may last before two people are warned of missing each other


def _here(context: Context) -> Path:
    return ("groups", lasting_group(context.study), "lasts")


@needs("groups")
def two_people_last(context: Context) -> None:
    """E321: what lasts are two people and nobody else, in one group of the study."""
    first = lasting_group(context.study)
    for name, plan in context.study.groups.items():
        if plan.lasts is None:
            continue
        path: Path = ("groups", name, "lasts")
        if name != first:
            context.say("E321", path, f'"{first}" lasts already.', "Let one group of the study last.")
        if (plan.humans, plan.ai) != (2, 0):
            what = f"is for two people, and the group has {plan.humans} seats for people and {plan.ai} for AI."
            remedy = "Give it two human seats; an AI partner lasts by itself, see docs/memory.md."
            context.say("E321", path, what, remedy)
        if plan.fill is not None:
            what = "fills the seat of whoever is not there, and partners that last wait for each other."
            context.say("E321", ("groups", name, "fill"), what, "Take it out; see lasts.on_absent.")


@needs("groups", "waves")
def they_meet_again(context: Context) -> None:
    """E322: there is a second visit in which they meet."""
    if not lasting_group(context.study):
        return
    visits = sum(wave.repeat for wave in context.study.waves if meets_in(context.study, wave))
    if visits < 2:
        times = "in one visit" if visits else "nowhere"
        what = f"the two meet {times}: nothing lasts."
        context.say("E322", _here(context), what, "Put a waiting room that forms this group into later visits, too.")


@needs("groups", "waves", "timezone")
def windows_can_overlap(context: Context) -> None:
    """E323, W321, W322, W323: two people's windows can overlap by as much as is asked for, and one finds the other."""
    rule = lasting(context.study)
    for at, wave in enumerate(context.study.waves) if rule is not None else ():
        if at == 0 or wave.closes is None or not meets_in(context.study, wave):
            continue
        assert rule is not None
        after, least = nominal(wave.closes.after), nominal(rule.least)
        path: Path = ("waves", at, "closes", "after")
        if least <= timedelta(0) or least > after:
            what = f"({rule.least}) is nothing." if least <= timedelta(0) else _longer(rule, wave)
            context.say("E323", (*_here(context), "least"), what, "Make it shorter than the windows, and some minutes.")
            continue
        _zones(context, path, wave, after - least)
        for room in wave.stages:
            if isinstance(room, WaitingRoomStage) and forms_pair(context.study, room):
                _wait_fits(context, ("waves", at), wave, timedelta(seconds=room.max_wait_seconds))


def _wait_fits(context: Context, path: Path, wave: Wave, longest: timedelta) -> None:
    assert wave.closes is not None
    if nominal(wave.closes.after) > WIDE * longest:
        what = (
            f"({wave.closes.after}) is much longer than anybody waits ({spelled(longest)}): the two may come at other "
        )
        what += "times, and miss each other."
        remedy = "Close earlier, or let people wait longer."
        context.say("W321", (*path, "closes", "after"), what, remedy)
    if nominal(wave.grace) < longest:
        what = (
            f"({wave.grace}) is shorter than the longest wait ({spelled(longest)}): who comes late and waits is sent "
        )
        what += "away without a partner and without pay."
        context.say("W323", (*path, "grace"), what, "Make it longer than the wait and the game together.")


def _longer(rule: Lasting, wave: Wave) -> str:
    assert wave.closes is not None
    return f'({rule.least}) is longer than the windows of "{wave.id}" ({wave.closes.after}): the two could never meet.'


def _zones(context: Context, path: Path, wave: Wave, slack: timedelta) -> None:
    """By their own clocks two people are hours apart; by one zone they are not."""
    zone = context.study.timezone
    is_by_clock = wave.opens is not None and wave.opens.at is not None
    if zone is None or zone.source == "fixed" or not is_by_clock or slack >= timedelta(hours=24):
        return
    least = f"groups.{lasting_group(context.study)}.lasts.least"
    what = f"two people whose clocks are more than {spelled(slack)} apart share less than {least}."
    remedy = "Recruit within fewer zones, close later, or name one zone: timezone: {source: fixed, zone: …}."
    context.say("W322", path, what, remedy)


@needs("groups", "factors", "conditions", "allocation")
def conditions_last_too(context: Context) -> None:
    """E324: no factor is drawn anew for the two at each visit."""
    if not lasting_group(context.study):
        return
    for path, entry in entries(context):
        if entry.factors and entry.rule.unit not in FIXED:
            what = f"is {entry.rule.unit}, which is drawn anew at each visit of two people who last."
            remedy = "Write unit: participant with meets: alike: those who meet have one condition, and keep it."
            context.say("E324", (*path, "unit"), what, remedy)
        elif entry.rule.unit == "participant" and entry.factors and entry.rule.meets != "alike":
            what = "lets two people of other conditions meet."
            context.say("W324", (*path, "meets"), what, "Write meets: alike, unless it is meant.")


@needs("groups", "sample")
def people_are_counted(context: Context) -> None:
    """E325: each visit of two people is a group; what is counted are people."""
    if lasting_group(context.study) and context.study.sample.unit == "group":
        what = "is group, and the two form one at each of their visits."
        context.say("E325", ("sample", "unit"), what, "Write unit: participant.")


@needs("groups", "partners", "exits")
def whoever_is_left_has_a_way_on(context: Context) -> None:
    """E326: the keys of `on_drop_out` belong together, and what takes a seat is an automated partner."""
    rule = lasting(context.study)
    if rule is None:
        return
    here, said = (*_here(context), "on_drop_out"), rule.on_drop_out
    for key, what, remedy in _misfits(said):
        context.say("E326", (*here, key), what, remedy)
    if said.partner is None or said.then != "replace_with_ai":
        return
    partner = context.study.partners.get(said.partner)
    if partner is None:
        what, known = f'"{said.partner}" is not in partners.', context.study.partners
        context.say("E326", (*here, "partner"), what, meant(said.partner, known))
    elif isinstance(partner, PersonPartner):
        context.say("E326", (*here, "partner"), "is filled by a person.", "Name one whose occupant is policy or model.")


def _misfits(said: DropOut) -> Iterator[tuple[str, str, str]]:
    if said.then != "end_pair" and said.exit is not None:
        yield "exit", f"does not belong to {said.then}, by which nobody leaves.", "Take it out."
    if said.still_offer is not None and said.exit is None:
        yield "still_offer", "is for whoever leaves by an exit.", "Name the exit, or take it out."
    if (said.then == "replace_with_ai") != (said.partner is not None):
        if said.partner is None:
            yield "partner", "is missing: nothing says who takes the seat.", "Name an entry of partners."
        else:
            yield "partner", f"does not belong to {said.then}.", "Take it out, or write then: replace_with_ai."


@needs("groups", "waves", "told")
def replacement_is_told(context: Context) -> None:
    """E327, E506: who meets an AI in place of a person has been told that there may be one, and is told afterwards."""
    rule, name = lasting(context.study), lasting_group(context.study)
    if rule is None or rule.on_drop_out.then != "replace_with_ai":
        return
    path: Path = (*_here(context), "on_drop_out", "then")
    if not context.study.told.ai_may_be_present:
        what = "an AI takes the seat of a person, and people are told that there is none."
        context.say("E327", path, what, "Write told.ai_may_be_present: true, and say so on their pages.")
    debriefs = [stage for _, stage in context.stages("debrief") if isinstance(stage, DebriefStage)]
    if not any(stage.reveals_partners for stage in debriefs):
        what = "no debrief lists who was an AI in one's own visits."
        context.say("E327", path, what, "Add a debrief stage with reveals_partners: true.")
    for _, stage in context.stages("game"):
        assert isinstance(stage, GameStage)
        if group_of(context.study, stage.id) == name:
            _may_be_seated(context, path, stage, context.study.groups[name])


def _may_be_seated(context: Context, path: Path, stage: GameStage, plan: GroupPlan) -> None:
    experiment = found_experiment(stage)
    for role in plan.roles if experiment is not None else ():
        assert experiment is not None
        if role in experiment.roles and experiment.roles[role].human:
            what = f'only people may take the role "{role}" of {experiment.name}.'
            context.say("E506", path, what, "Write end_pair or replace_with_human.")


@needs("groups", "partners", "factors", "told")
def nobody_is_told_apart(context: Context) -> None:
    """E327: only people are waited for by name of partner, so no program of the study can be taken for a person."""
    if lasting(context.study) is None:
        return
    what = "may be taken for a person, and only people who last are told when they meet their partner and who is there."
    remedy = "Let the label say what it is, at every level and to everybody who meets it; or take lasts out."
    for name, partner in context.study.partners.items():
        if not isinstance(partner, PersonPartner) and is_hidden(context, name, partner):
            context.say("E327", ("partners", name, "label"), what, remedy)
    for name, plan in context.study.groups.items():
        shown_as = context.study.partners.get(plan.fill.label_as) if plan.fill is not None else None
        if isinstance(shown_as, PersonPartner):
            context.say("E327", ("groups", name, "fill", "label_as"), what, remedy)


@needs("groups", "waves")
def second_chances_come_in_time(context: Context) -> None:
    """E328: another meeting is within the same window, or over before the next visit opens."""
    rule = lasting(context.study)
    if rule is None:
        return
    path: Path = (*_here(context), "on_absent", "after")
    if (rule.on_absent.then == "offer_again") != (rule.on_absent.after is not None):
        what = "is missing." if rule.on_absent.after is None else "belongs to offer_again."
        context.say("E328", path, what, 'Write {then: offer_again, after: "1d"}, or {then: end_visit}.')
        return
    for at, wave in enumerate(context.study.waves) if rule.on_absent.after is not None else ():
        if at and wave.closes is not None and meets_in(context.study, wave):
            assert rule.on_absent.after is not None
            for what, remedy in _too_late(wave, rule.on_absent.after):
                context.say("E328", path, what, remedy)


def _too_late(wave: Wave, said: str) -> Iterator[tuple[str, str]]:
    assert wave.closes is not None
    after, window = span(said), nominal(wave.closes.after)
    if wave.resume == "one_sitting":
        yield f'whoever waits for it is away for more than an hour, and "{wave.id}" is one sitting.', "Write end_visit."
    if after.nominal <= timedelta(0):
        yield "is nothing.", "Write how much later."
    elif not after.days and after.nominal >= window:
        what = f'({said}) is no shorter than the windows of "{wave.id}" ({wave.closes.after}).'
        yield what, "Write days, so that the two meet in another window, or less."
    elif after.days and wave.opens is not None and wave.repeat > 1 and wave.opens.every is not None:
        end = after.nominal + window + nominal(wave.grace) + nominal(wave.min_gap)
        if end > every_of(wave.opens)[0]:
            yield f'ends after the next visit of "{wave.id}" opens.', "Come sooner, or leave more time between visits."


@needs("groups", "waves", "attendance")
def nobody_alone_is_offered_a_meeting(context: Context) -> None:
    """E320, E329, W320: whoever has no partner any more is offered a wave in which none is needed."""
    rule = lasting(context.study)
    if rule is None:
        return
    said, found = rule.on_drop_out, list[tuple[Path, str]]()
    if said.still_offer is not None:
        path: Path = (*_here(context), "on_drop_out")
        offered_later(context, path, Ending(exit=said.exit or "completed", still_offer=said.still_offer))
        found.append(((*path, "still_offer"), said.still_offer))
    attendance = context.study.attendance
    if attendance is not None and attendance.on_exceed.still_offer is not None:
        found.append((("attendance", "on_exceed", "still_offer"), attendance.on_exceed.still_offer))
    waves = {wave.id: wave for wave in context.study.waves}
    for at, name in found:
        if name in waves and meets_in(context.study, waves[name]):
            what = f'in "{name}" people meet the partner whom they have no more.'
            context.say("E329", at, what, "Offer a wave without a waiting room of the pair.")


@needs("groups", "waves")
def nothing_stands_beside_their_game(context: Context) -> None:
    """E322: a waiting room of theirs leads to a game, in which they meet."""
    for wave_at, wave in enumerate(context.study.waves):
        for at, stage in enumerate(wave.stages):
            if forms_pair(context.study, stage) and not any(one.kind == "game" for one in wave.stages[at:]):
                what = "forms the pair, and no game follows in which the two meet."
                context.say("E322", ("waves", wave_at, "stages", at), what, "Put a game behind it.")


CHECKS = [
    two_people_last, they_meet_again, windows_can_overlap, conditions_last_too, people_are_counted,
    whoever_is_left_has_a_way_on, replacement_is_told, nobody_is_told_apart, second_chances_come_in_time,
    nobody_alone_is_offered_a_meeting, nothing_stands_beside_their_game,
]  # fmt: skip
