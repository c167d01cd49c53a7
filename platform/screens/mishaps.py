"""What may happen in a game besides playing it: somebody leaves, is late, is away too often, or too few are left."""

from datetime import timedelta

from chat.forms import MESSAGE
from events import clock
from flow.deadlines import GRACE
from flow.kinds import VOID_PATH
from flow.lookup import step_kind
from flow.models import Match
from flow.services import games, sessions
from flow.state import MatchState
from matching.models import Group
from paradigm import Chat, Decision, Talk
from paradigm.program import leaves
from screens import answers, services
from screens.game import MOST_STEPS, Game, fresh
from screens.screen import Key
from screens.tour import Tour, leaving, turning

A_MOMENT = timedelta(seconds=1)
UNBEGUN, UNANSWERED = "while nobody writes", "while nobody answers"


def game(tour: Tour, index: int) -> None:
    """Play the game at a stage and draw it with its mishaps; then one person of each role is followed."""
    role, lead = tour.leads[0]
    tour.bring(lead, index)
    played = Game.at(tour, index, lead)
    if played is None:
        return  # nobody sits in it
    if played.group.round == 0:
        tour.draw(Key(played.config.id, role=role, state="before the others are ready"), lead.html())
    for one in played.people:
        tour.bring(one, index)
    if played.group.round and tour.is_thorough:
        _mishaps(played)
    played.play()
    tour.leads = [(played.title(role), one) for role, one in played.roles.items()]


def _mishaps(played: Game) -> None:
    match = played.open_matches()[0]
    for role, one in played.roles.items():
        leaving(played.tour, played.key(role, ""), one)
    _nobody_acts(played, match)
    _one_misses_too_often(played, match)
    _too_few_are_left(played)
    _one_leaves(played)
    _nobody_answers(played, match)


def _first_move(played: Game, match: Match, role: str = "") -> Match | None:
    """Play a match to the first step (of a role) that voids it when the time runs out; None where there is none."""
    for _ in range(MOST_STEPS):
        at = fresh(match.pk)
        if not at.path or at.path == VOID_PATH:
            return None
        step = step_kind(MatchState(at))[1]
        is_asked = isinstance(step, Decision) and step.voids_match and (not role or step.fields_of(role))
        if is_asked and at.deadline_at:
            return at
        played.play_step(at, answers.by_chance)
    return None


def _let_time_run_out(match: Match) -> None:
    assert match.deadline_at is not None
    clock.stand(match.deadline_at + GRACE + A_MOMENT)


def _nobody_acts(played: Game, match: Match) -> None:
    """The round does not count; an answer that comes after the time is too late."""
    with services.undone():
        at = _first_move(played, match)
        if at is None:
            return
        _let_time_run_out(at)
        for seat, one in played.looking.people_of(at):
            fields = one.page().fields
            if fields:
                with services.undone():
                    key = played.looking.key_of(at.path, seat.role, "an answer came too late")
                    played.tour.draw(key, one.send_and_see(answers.fitting(fields, purpose="late")))
        games.close_overdue(match_id=at.pk, rev=at.rev)
        played.looking.at_match(fresh(at.pk))


def _one_misses_too_often(played: Game, match: Match) -> None:
    rule = played.config.on_timeout
    for role in played.roles:
        with services.undone():
            at = _first_move(played, match, role)
            those = [one for seat, one in played.looking.people_of(match) if seat.role == role and one.page().fields]
            if at is None or not those:
                continue
            with turning(played.tour, those[0], played.title(role), f"{rule.strikes} turns missed in a row"):
                services.let_miss(those[0].session.participant, rule.strikes - 1)
                _let_time_run_out(at)
                games.close_overdue(match_id=at.pk, rev=at.rev)


def _too_few_are_left(played: Game) -> None:
    """The game ends early: those who are left read what follows it, and come to another exit."""
    for role, one in played.roles.items():
        with turning(played.tour, one, played.title(role), "after a game that ended early"):
            games.end_group(played.group.pk, "too_few")
            played.tour.bring(one, len(played.tour.stages))


def _one_leaves(played: Game) -> None:
    """Whoever then finds nobody to meet rests in the next round."""
    for gone in played.roles.values():
        with services.undone():
            sessions.leave(gone.session.pk)
            group = played.group
            if group.status != Group.Status.ACTIVE or group.round >= group.rounds:
                continue
            for match in played.open_matches():
                played.play_match(match.pk, answers.by_chance)
            played.looking.at_those_who_rest(group.pk, played.group.round)


def _nobody_answers(played: Game, match: Match) -> None:
    """In a conversation nothing comes for a while: before anybody has written, and after one has."""
    with services.undone():
        at = _conversation(played, match)
        if at is None or not _let_it_fall_silent(at):
            return
        people = played.looking.people_of(at)
        for seat, one in people:
            key = played.looking.key_of(at.path, seat.role, UNBEGUN)
            if not played.tour.has(key):
                played.tour.draw(key, one.html())
        for seat, one in people:
            key = played.looking.key_of(at.path, seat.role, UNANSWERED)
            with services.undone():
                one.send_and_see({MESSAGE: answers.SOMETHING})
                if not played.tour.has(key) and _let_it_fall_silent(fresh(at.pk)):
                    played.tour.draw(key, one.html())


def _conversation(played: Game, match: Match) -> Match | None:
    """Play a match to its first conversation; None where it has none."""
    if not any(map(_is_chat, leaves(played.experiment.steps))):
        return None
    for _ in range(MOST_STEPS):
        at = fresh(match.pk)
        if not at.path or at.path == VOID_PATH:
            return None
        if _is_chat(step_kind(MatchState(at))[1]):
            return at
        played.play_step(at, answers.by_chance)
    return None


def _is_chat(step: object) -> bool:
    return isinstance(step, Talk) and isinstance(step.channel, Chat)


def _let_it_fall_silent(match: Match) -> bool:
    """Let nothing come for as long as it takes until pages say so; False where the talk is over by then."""
    state = MatchState(match)
    step = step_kind(state)[1]
    later = clock.now() + timedelta(seconds=state.parameters.number(step.idle_seconds))
    if match.deadline_at is not None and later >= match.deadline_at:
        return False
    clock.stand(later)
    return True
