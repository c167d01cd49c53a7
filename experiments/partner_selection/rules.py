"""Who meets whom, who earns what, and what each seat is told. Pure."""

from collections.abc import Mapping, Sequence

from paradigm import Card, Line, Matching, MatchPlan, Option, Place, Play, Points, State, Table, View
from paradigm.beliefs import Beliefs
from paradigm.pairing import least_met, rested_first

CHOOSER, LETTERS = "Chooser", ("A", "B")
EXPECTED = Points("expected", high="pot")
WILL, DID = (f"How many points {verb} {{about}} decide to send back?" for verb in ("will", "did"))
BELIEFS = Beliefs("selector", lambda *_: LETTERS, ("decide", "returned"), EXPECTED, will=WILL, did=DID)
MIDDLE = {"selector": ("You picked", "Sent back to you"), "candidate": ("You would send back", "You were picked")}


def triads(matching: Matching) -> Sequence[MatchPlan]:
    """A Chooser with two Responders each, of both kinds where seats allow. Whoever has played most sits out."""
    here = rested_first(matching)
    choosers = [seat.number for seat in here if seat.role == "selector"]
    people = [seat.number for seat in here if seat.role == "candidate" and seat.kind == "human"]
    others = [seat.number for seat in here if seat.role == "candidate" and seat.kind != "human"]
    size = min(len(choosers), (len(people) + len(others)) // 2)
    share = max(min(size, len(people)), 2 * size - len(others))
    row = people[:share] + others[: 2 * size - share]
    sides = [least_met(choosers[:size], side, matching.past) for side in (row[:size], row[size:])]
    pairs = [matching.rng.sample([side[chooser] for side in sides], k=2) for chooser in choosers[:size]]
    return [MatchPlan({CHOOSER: one, "A": pair[0], "B": pair[1]}) for one, pair in zip(choosers, pairs, strict=False)]


def _outcome(acts: Mapping[int, Mapping[str, int | str]], places: Sequence[Place]) -> tuple[str, int]:
    at = {place.position: place.seat for place in places}
    choice = str(acts[at[CHOOSER]]["choice"])
    return choice, 0 if choice == "keep" else int(acts[at[choice]]["returned"])


def payoff(state: State) -> Mapping[int, int]:
    """Keeping earns the endowment; a picked Responder has the pot less what it sends back, the Chooser has that."""
    (choice, back), numbers = _outcome(state.acts("decide"), state.places), state.parameters
    earned = {CHOOSER: numbers.endowment} if choice == "keep" else {CHOOSER: back, choice: numbers.pot - back}
    return {place.seat: earned.get(place.position, 0) for place in state.places}


def offered(_: Place, state: State) -> Sequence[Option]:
    """The Chooser's options, in the order shown."""
    return [Option("A", "Pick A"), Option("B", "Pick B"), Option("keep", f"Keep {state.parameters.endowment} points")]


def view(place: Place, state: State) -> View:
    """Labels, words and own results; another's amount only if it came to oneself or from oneself."""
    question = "".join(act.get("question", "") for act in state.acts("ask").values())
    words = {seat: act.get("message", "") for seat, act in state.acts("reply").items()}
    page, told = _result(place, state) if state.path == "feedback" else ("", {})
    if (state.path, place.role, question) == ("reply", "candidate", ""):
        page = "reply_candidate_unasked"
    return View(
        page=page,
        blocks=BELIEFS.blocks(place, state),
        facts={"letter": place.position, "pot": state.parameters.pot, "endowment": state.parameters.endowment, **told},
        cards=[Card(p.position, p.label, words.get(p.seat, "")) for p in state.places if p.position in LETTERS],
        lines=[Line("" if place.role == "selector" else CHOOSER, question)] if question else [],
        tables=[] if state.path in ("feedback", "types") else _remembered(place, state),
    )


def _result(place: Place, state: State) -> tuple[str, dict[str, int | str]]:
    choice, back = _outcome(state.acts("decide"), state.places)
    is_met = choice == place.position or (place.role == "selector" and choice != "keep")
    pages = {("selector", False): "feedback_selector_kept", ("candidate", True): "feedback_candidate_picked"}
    told: dict[str, int | str] = {"picked": choice, "returned": back} if is_met else {}
    return pages.get((place.role, is_met), ""), {"points": payoff(state)[place.seat], **told}


def _remembered(place: Place, state: State) -> Sequence[Table]:
    shown = {"none": (0, ""), "last": (1, "Your last round"), "own_table": (50, "Your rounds so far")}
    most, caption = shown[state.parameters.history]
    rows = [(play.round, *_memory(place, play), play.points[place.seat]) for play in state.last(place.seat, most)]
    return [Table(caption, ("Round", *MIDDLE[place.role], "You earned"), rows)] if rows else []


def _memory(place: Place, play: Play) -> tuple[int | str, int | str]:
    if play.is_void:
        return "not completed", "-"
    choice, back = _outcome(play.acts["decide"], play.places)
    if place.role == "candidate":
        is_own = choice == play.place_of(place.seat).position
        return play.acts["decide"][place.seat]["returned"], "yes" if is_own else "no"
    names = {p.position: f"{p.position} ({p.label})" if p.label else p.position for p in play.places}
    return names.get(choice, "kept"), "-" if choice == "keep" else back
