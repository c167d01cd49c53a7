"""A walk through a study that draws nothing and asks what a model would be told, on people and words that are made up.

The request is taken where it would leave: the seat's own occupant runs, through the same door, and a provider that
keeps what it is given stands behind it. So nothing here can differ from what is sent in a study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from random import Random
from typing import Any

from asgiref.sync import async_to_sync
from django.test.utils import override_settings

from bots.by_model import ModelOccupant
from bots.errors import BotsError
from bots.noting import services as noting
from bots.noting.asking import request_of
from bots.recall import acquaintance_of, unnoted
from bots.scribing import services as scribing
from chat.forms import MESSAGE, MORE, READY, THEN
from flow.models import Match
from flow.queries import TurnFacts, turn
from flow.services import games
from llm.exchange import Question, Reply
from llm.models import Call
from llm.providers import scripted
from llm.rules import sha256_of
from matching.models import Seat
from matching.seating import automated
from matching.services import run_group
from paradigm import Text
from screens import answers, services
from screens.asked import Asked, Wanted
from screens.between import BETWEEN_VISITS
from screens.errors import ScreensError
from screens.game import Game
from screens.screen import Key
from screens.stages import WALKERS
from screens.tour import Tour, Walkers
from screens.visits import companions
from studies.definition import experiment
from studies.models import Version, levels_of
from studies.schema import StudyFile
from studies.schema_memory import writer_of
from studies.schema_partners import ModelPartner
from studies.schema_stages import GameStage
from studies.services import open_study

PEOPLE_SAY = (
    "I have a dog. It is old.", "My sister lives in Rome.", "I like long walks, and you?", "I am tired today.",
    "I work in a school.", "My father was ill last year.", "I want to learn to swim.", "I live by the sea.",
)  # fmt: skip
PROGRAMS_SAY = ("Tell me more.", "And how was that?", "I see.")
"""What is said in the conversations of a rehearsal. Made up: nobody wrote it."""
LEAST_SAID = 2  # by each, where the talk lets them

_heard: ContextVar[list[Question]] = ContextVar("_heard")


async def listen(question: Question) -> Reply:
    """A provider that keeps what it is asked, and answers as the scripted one."""
    _heard.get().append(question)
    return await scripted.ask(question)


@contextmanager
def _listening() -> Iterator[list[Question]]:
    """Whatever is asked of any model inside is kept, and asked of nobody."""
    heard: list[Question] = []
    token = _heard.set(heard)
    try:
        with override_settings(LLM_PROVIDERS={"*": "screens.rehearsal.listen"}):
            yield heard
    finally:
        _heard.reset(token)


def rehearsed(version: Version, condition: str, wanted: Wanted) -> list[Asked]:
    """What models would be asked under a condition, in the order in which it comes.

    Raises:
        ScreensError: "nothing_asked": no seat that is wanted is ever asked; and as `Tour.walk`.
    """
    tour = Rehearsal(version, condition, wanted)
    tour.listen()
    if not tour.asked:
        raise ScreensError("nothing_asked", f"under {condition or 'the one condition'} {_not_found(wanted)}")
    return list(tour.asked.values())


def _not_found(wanted: Wanted) -> str:
    said = {name: value for name, value in wanted.model_dump().items() if value and name not in ("partner", "persona")}
    named = ", ".join(f"{name} {value}" for name, value in said.items()) or "any seat of a program"
    return f"nobody is asked anything at {named}: see the steps and roles of the experiment"


def check_wanted(study: StudyFile, wanted: Wanted) -> None:
    """Refuse what no walk could find.

    Raises:
        ScreensError: "no_model"; "stage_unknown", "role_unknown", "visit_unknown", "partner_unknown" or
            "persona_unknown" for a name that there is not.
    """
    games = {stage.id: stage for stage in study.stages if isinstance(stage, GameStage)}
    _check(wanted.stage, games, "stage_unknown", "games")
    chosen = [games[wanted.stage]] if wanted.stage else list(games.values())
    roles = [role for stage in chosen for role in experiment(stage.experiment).roles]
    _check(wanted.role, roles, "role_unknown", "roles")
    visits = sum(wave.repeat for wave in study.waves)
    if wanted.visit is not None and not 1 <= wanted.visit <= visits:
        raise ScreensError("visit_unknown", f"there is no visit {wanted.visit}: there are {visits}")
    models = {name: each for name, each in study.partners.items() if isinstance(each, ModelPartner)}
    if not models:
        text = f"{study.id} has no partner with occupant: model, so that nobody would be asked: see docs/study-file.md"
        raise ScreensError("no_model", text)
    _check(wanted.partner, models, "partner_unknown", "partners with a model")
    named = [models[wanted.partner]] if wanted.partner else list(models.values())
    _check(wanted.persona, [file for each in named for file in each.persona_files], "persona_unknown", "personas")


def _check(said: str, known: Mapping[str, Any] | Sequence[str], code: str, what: str) -> None:
    if said and said not in known:
        there = ", ".join(dict.fromkeys(known)) or "none"
        raise ScreensError(code, f'"{said}" is none of the {what}: there are {there}')


class Rehearsal(Tour):
    """One condition of a version, walked through for what models are told.

    Attributes:
        asked: By place, the request of the first round in which there is one; in a talk the last of that round.
    """

    def __init__(self, version: Version, condition: str, wanted: Wanted) -> None:
        super().__init__(version, condition)
        self.conduct = self._imagined
        self.asked: dict[tuple[str, ...], Asked] = {}
        self._wanted = wanted
        self._whose: dict[tuple[str, ...], tuple[int, ...]] = {}

    @property
    def is_thorough(self) -> bool:
        """Nothing is turned off the way for."""
        return False

    def draw(self, key: Key, html: str) -> None:
        """Draw nothing."""

    def has(self, key: Key) -> bool:
        """So that nothing is asked for to be drawn."""
        return True

    def listen(self) -> None:
        """Walk to the end, or to the visit that is wanted; what was written meanwhile is undone.

        Raises:
            ScreensError: as `Tour.walk`.
        """
        with services.undone(), _listening():
            if not any(plan.humans for plan in self.study.groups.values()):
                self._without_people()
                return
            open_study(self.version.study)
            self.leads = [("", self.another())]
            for _ in range(companions(self.version)):
                self.another()
            last = self._wanted.visit or len(self.visits)
            for visit in self.visits[:last]:
                self.visit = visit
                self._walk_through(THROUGH, BETWEEN_VISITS)

    def _without_people(self) -> None:
        """Where nobody would walk through the study a group of programs plays each of its games."""
        for config in self.stages:
            if isinstance(config, GameStage):
                services.count_anew()
                group = run_group(self.version, config.id, condition=self.condition)
                games.begin(group.pk)
                Game(self, config, group).play()

    def before_act(self, match: Match, seat: Seat) -> None:
        """Ask what a model in a seat would be told now, if that is wanted."""
        if not self._is_wanted(match, seat):
            return
        with services.undone():
            name = self._seat_a_model(seat)
            facts = turn(match.pk, match.path, seat.pk)
            if facts is not None and (facts.fields or facts.is_talk) and facts.written is None:
                self._keep_notes(match, facts)
                self._keep(match, self._request(match, facts, name))

    def _is_wanted(self, match: Match, seat: Seat) -> bool:
        said, step = self._wanted, match.path.rpartition("/")[2]
        if said.visit not in (None, self.visit.number) or said.round not in (None, match.round):
            return False
        if (said.stage and said.stage != match.group.stage) or (said.step and said.step != step):
            return False
        if not said.role:
            return seat.kind == Seat.Kind.AI
        # of several in a role one is enough: a program's, where there is one
        programs = match.group.seats.filter(role=said.role, kind=Seat.Kind.AI, placings__match=match)
        return seat.role == said.role and (seat.kind == Seat.Kind.AI or not programs.exists())

    def _seat_a_model(self, seat: Seat) -> str:
        """Let the model that is wanted sit in a seat, whoever did; its entry in the study file."""
        said = self._wanted
        stays = seat.occupant == "model" and said.partner in ("", seat.partner)
        name = seat.partner if stays else said.partner or self._first_model()
        partner = self.study.partners[name]
        assert isinstance(partner, ModelPartner)
        chance = Random(f"{self.version.seed}/rehearsal/{name}")  # noqa: S311  seeded on purpose
        levels = levels_of(seat.group.condition)
        occupant, persona, settings = automated(self.study, partner, chance, levels)
        if stays:
            persona, settings = seat.policy, seat.settings
        Seat.objects.filter(pk=seat.pk).update(
            kind=Seat.Kind.AI, occupant=occupant, partner=name, policy=said.persona or persona, settings=settings,
            participant=None, session=None,
        )  # fmt: skip
        return name

    def _first_model(self) -> str:
        return next(name for name, each in self.study.partners.items() if isinstance(each, ModelPartner))

    def _request(self, match: Match, facts: TurnFacts, partner: str) -> Asked:
        """What the occupant of a seat sends first."""
        heard = _heard.get()
        heard.clear()
        is_imagined = _note_by_words(match, facts.seat)
        try:
            async_to_sync(ModelOccupant().values)(facts, key=f"rehearsal:{match.rev}")
        except BotsError as error:  # whatever is made of the scripted answer does not matter
            if not heard:
                raise ScreensError("nothing_asked", f"no model is asked at {match.path}: {error}") from error
        first = heard[0]
        messages = [dict(message) for message in first.messages]
        sent = Call.objects.filter(prompt_sha256=sha256_of(messages)).order_by("pk").first()
        return Asked(
            condition=self.condition, visit=self.visit.name, stage=match.group.stage, step=facts.step,
            round=match.round, role=facts.seat.role, partner=partner, persona=facts.seat.policy, model=first.model,
            parameters=dict(first.parameters), messages=messages, sha256=sha256_of(messages),
            memory_sha256=sent.memory_sha256 if sent else "",
            has_imagined_notes=is_imagined and bool(sent and sent.memory_sha256),
        )  # fmt: skip

    def _keep_notes(self, match: Match, facts: TurnFacts) -> None:
        """What a model that takes the seat's notes would be asked of the first conversation that is over."""
        known = acquaintance_of(_fresh(match), facts.seat)
        over = unnoted(known) if known is not None and writer_of(known.rule) is not None else []
        with services.undone():
            job = noting.begin(over[0].pk) if over else None
            if job is None or not job.material.theirs:
                return
            request, talk = request_of(job), over[0]
        messages = [dict(message) for message in request.messages]
        self._keep(match, Asked(
            condition=self.condition, visit="", stage=talk.match.group.stage, step=talk.path.rpartition("/")[2],
            round=talk.match.round, role=facts.seat.role, partner=job.known.partner, persona=job.writer.prompt,
            is_of_notes=True, model=request.model, parameters=dict(request.parameters), messages=messages,
            sha256=sha256_of(messages), memory_sha256=request.memory_sha256,
        ))  # fmt: skip

    def _imagined(self, facts: TurnFacts) -> Mapping[str, Any]:
        return imagined(facts, self.visit.number - 1 + facts.seat.group.round - 1)

    def _keep(self, match: Match, found: Asked) -> None:
        """The first match and seat at which a place is asked are kept, with the last that they are asked there."""
        whose = (self.visit.number, match.round, match.number)
        if self._whose.setdefault(found.place, whose) == whose:
            self.asked[found.place] = found


def _note_by_words(match: Match, seat: Seat) -> bool:
    """Where a model takes the notes, let rules by words take them here; whether that is so."""
    known = acquaintance_of(_fresh(match), seat)
    if known is None or writer_of(known.rule) is None:
        return False
    scribing.take_notes(replace(known, rule=known.rule.model_copy(update={"noted_by": None})))
    return True


def _fresh(match: Match) -> Match:
    return Match.objects.select_related("group__version").get(pk=match.pk)


def imagined(facts: TurnFacts, talk: int) -> Mapping[str, Any]:
    """What a seat does in a rehearsal: in a talk it says a few sentences that are made up, all else by chance.

    Args:
        talk: A number that tells it from other talks of the same person, so that each has words of its own.
    """
    values = answers.by_chance(facts)
    said = [line for line in facts.view.lines if not line.who]
    words = next((field for field in facts.fields if field.key == MESSAGE), None)
    if not facts.is_talk or not isinstance(words, Text):
        return values
    is_person = facts.seat.occupant == "person"
    sentences = PEOPLE_SAY if is_person else PROGRAMS_SAY
    sentence = sentences[(LEAST_SAID * talk + len(said)) % len(sentences)]
    fits = int(words.min_chars) <= len(sentence) <= int(words.max_chars)
    # Whoever is ready may end the talk for both, so a program waits until a person has said enough, too.
    before_ready = LEAST_SAID - 1 if is_person else LEAST_SAID
    then = {THEN: READY if len(said) >= before_ready else MORE} if THEN in values else {}
    return {**values, **({MESSAGE: sentence} if fits else {}), **then}


def _pass_by(tour: Tour, index: int) -> None:
    """Let the leads give the right answers until a stage is behind them."""
    for _role, lead in tour.leads:
        tour.bring(lead, index + 1)


NOT_ASKED = ("consent", "instructions", "briefing", "quiz", "survey", "debrief", "practice")
THROUGH: Walkers = {**WALKERS, **dict.fromkeys(NOT_ASKED, _pass_by)}
"""Stages in which nobody is asked are passed; through others leads the way that pages are drawn on."""
