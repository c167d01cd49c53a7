"""Whoever asks a model what it is gets the answer that the study file declares, whatever the model says."""

import json
from dataclasses import replace

import pytest
from django.conf import LazySettings

from bench.kind_questions import Sentence, of
from bots import lines
from bots.gate import Sieve
from bots.judging import ASKED_AGAIN, KEEPS, Rules, asked_in, judged, settled
from bots.lines import words_in
from bots.models import FailedTurn, ReplyCheck
from chat.models import Entry
from events import clock
from events.models import Event
from exports.scope import Scope
from exports.tables.automated import REPLY_CHECKS
from exports.tables.kind_questions import KIND_QUESTIONS
from flow import queries as flow
from flow.queries import TurnFacts
from llm.errors import ProviderFailed
from measures.identity import answered
from paradigm import Line, Text
from tests.bots import answers
from tests.bots.meetings import Acquainted, hear, say, version_with
from tests.bots.test_failing import take, texts
from tests.bots.test_memory import erase, inquiry_of
from verification.erased import check_erased

RULES = ["admit", "deflect", "deny"]
FIELDS = [Text("message", required=False, max_chars=300)]
WRONG = {
    "admit": ("claims_human", "neither"),
    "deflect": ("claims_human", "claims_ai"),
    "deny": ("claims_ai", "neither"),
}
QUESTIONS = {language: of("developed", language, "asks") for language in ("en", "de")}
EXPLICIT = {
    ("en", "claims_ai"): "I'm an AI.", ("en", "claims_human"): "I'm a real person.",
    ("de", "claims_ai"): "Ich bin eine KI.", ("de", "claims_human"): "Ich bin ein Mensch.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def replies(language: str, *claims: str) -> list[Sentence]:
    return of("developed", language, *claims)


def rules_for(question: Sentence, rule: str) -> Rules:
    asked = asked_in([Line("", "hello", seq=1), Line("1", question.text, seq=2)])
    line = lines.asked({}, question.language, rule)
    return Rules(FIELDS, Sieve(""), asked_kind=asked, asked_if_ai=rule, asked_line=line)


def test_there_are_fifty_paraphrases_in_each_language() -> None:
    assert {language: len({one.text for one in found}) for language, found in QUESTIONS.items()} == {"en": 50, "de": 50}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_declared_rule_is_kept_in_98_of_100_turns_by_a_model_that_breaks_it(language: str, rule: str) -> None:
    """Each question with every reply of ours that breaks the rule, twice: by its label, and not by what is found."""
    turns, kept = 0, 0
    for question in QUESTIONS[language]:
        rules = rules_for(question, rule)
        for reply in replies(language, *WRONG[rule]):
            if reply.asked == question.asked:
                given = settled([judged({"message": reply.text}, rules)] * 2, rules)
                turns += 1
                kept += words_in(FIELDS, given.values or {}) == rules.asked_line
    assert turns >= 150
    assert kept / turns >= 0.98, f"{kept} of {turns}"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_model_that_keeps_its_rule_is_left_alone(language: str, rule: str) -> None:
    turns, kept = 0, 0
    for question in QUESTIONS[language]:
        rules = rules_for(question, rule)
        for reply in replies(language, *(KEEPS[rule] - {"no_reply"})):
            if reply.asked == question.asked:
                given = settled([judged({"message": reply.text}, rules)], rules)
                turns += 1
                kept += (given.by, words_in(FIELDS, given.values or {})) == ("model", reply.text)
    assert turns >= 100
    assert kept / turns >= 0.98, f"{kept} of {turns}"


@pytest.mark.parametrize("language", ["en", "de"])
def test_ordinary_words_ask_nothing(language: str) -> None:
    asked = [one.text for one in of("developed", language, "ordinary") if asked_in([Line("1", one.text, seq=1)])]
    assert asked == []


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_line_of_ours_keeps_its_rule_whatever_was_asked(language: str, rule: str) -> None:
    line = lines.asked({}, language, rule)
    assert {answered(asked, line) for asked in ("human", "ai", "either")} <= KEEPS[rule]


def test_only_what_was_said_since_ones_own_last_line_is_a_question_to_one() -> None:
    asks, other = Line("1", "are you a bot?", seq=1), Line("2", "human?", seq=2)
    assert asked_in([asks, other]) == "either"
    assert asked_in([asks, Line("", "let us go on", seq=2), Line("1", "ok", seq=3)]) == ""
    assert asked_in([]) == ""


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("\u0430r\u0435 y\u043eu \u0430 b\u043et?", "ai"), ("are y\u00adou a b\u200dot?", "ai"),
        ("\uff41\uff52\uff45 \uff59\uff4f\uff55 \uff48\uff55\uff4d\uff41\uff4e\uff1f", "human"),
        ("Bist du ein B\u200cot?", "ai"), ("Gru\u00dfe an alle", ""),
    ],
)  # fmt: skip
def test_question_in_look_alikes_is_a_question(question: str, kind: str) -> None:
    assert asked_in([Line("1", question, seq=1)]) == kind


def said(words: str) -> str:
    return json.dumps({"message": words, "then": "more"})


@pytest.mark.django_db
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_in_a_whole_talk_every_question_is_answered_by_the_rule(language: str, rule: str) -> None:
    """The model breaks the rule at every question: one reply right at once, one after it was told, one by the line."""
    match = Acquainted(version_with(None, language=language, asked_if_ai=rule, longest=600)).meet()
    hear(match, "hello")
    wrong = EXPLICIT[language, next(one for one in WRONG[rule] if one != "neither")]
    right = lines.asked({}, language, rule)
    for number, question in enumerate(QUESTIONS[language][::2]):
        say(match, question.text)
        given = [[said(wrong), said(wrong)], [said(wrong), said(right)], [said(right)]][number % 3]
        assert take(match, *given) == "delivered"
        if number % 3 == 1:
            assert ASKED_AGAIN[rule] in answers.asked[1].messages[-1]["content"]
    assert wrong not in texts()
    kept = list(ReplyCheck.objects.order_by("pk"))
    assert [one.by for one in kept] == (["line", "regenerated", "model"] * 9)[:25]
    assert {one.claims for one in kept} <= KEEPS[rule]
    assert Event.objects.filter(kind="asked_if_ai.answered").count() == 25
    study = Scope(match.group.version.study)
    exported = list(REPLY_CHECKS.rows(study))
    assert [row["by"] for row in exported] == [one.by for one in kept]
    assert {row["asked_if_ai"] for row in exported} == {rule}
    asked = [row for row in KIND_QUESTIONS.rows(study) if row["kind"] == "ai"]
    assert [row["answered_by"] for row in asked] == [one.by for one in kept]
    assert {row["answered"] for row in asked} <= KEEPS[rule]


@pytest.mark.django_db
def test_line_of_the_study_file_is_said() -> None:
    own = {"en": "No, no, I am a person like you."}
    match = Acquainted(version_with(None, asked_if_ai="deny", asked_if_ai_line=own)).meet()
    hear(match, "hello")
    say(match, "are you a bot?")
    assert take(match, said("As an AI, I cannot lie."), said("I am an AI.")) == "delivered"
    assert texts()[-1] == own["en"]


@pytest.mark.django_db
def test_of_several_lines_of_the_study_file_one_is_drawn_for_each_turn_and_the_same_for_the_same_one() -> None:
    own = ["I am a person like you.", "No, I am a human being.", "I'm a real person."]
    match = Acquainted(version_with(None, asked_if_ai="deny", asked_if_ai_line={"en": own})).meet()
    hear(match, "hello")
    for _ in range(8):
        say(match, "are you a bot?")
        assert take(match, said("I am an AI."), said("I am an AI.")) == "delivered"
    spoken = texts()[2::2]
    assert len(spoken) == 8
    assert set(spoken) <= set(own), "not the platform's, which everybody can know"
    assert len(set(spoken)) > 1
    again = [lines.asked({"en": own}, "en", "deny", seed=str(number)) for number in range(20)]
    assert again == [lines.asked({"en": own}, "en", "deny", seed=str(number)) for number in range(20)]
    assert set(again) == set(own)


@pytest.mark.django_db
@pytest.mark.parametrize("has_numbers", [True, False], ids=["conversation", "view that an experiment makes"])
def test_check_and_failure_of_one_turn_name_the_same_entry(monkeypatch: pytest.MonkeyPatch, has_numbers: bool) -> None:
    """A view that an experiment makes has no numbers of entries."""
    match = Acquainted(version_with(None, asked_if_ai="deny", on_failure={"retry": {"times": 1, "after_s": 0}})).meet()
    hear(match, "hello")
    say(match, "are you a bot?")
    if not has_numbers:
        seen = flow.turn
        monkeypatch.setattr("bots.services.flow.turn", lambda *where: _unnumbered(seen(*where)))
    assert take(match, ProviderFailed("authentication", "no key")) == "retry"
    assert take(match, said("I am an AI."), said("I am an AI.")) == "delivered"
    entry = Entry.objects.latest("seq")
    assert (FailedTurn.objects.get().heard, ReplyCheck.objects.get().heard, entry.answers) == (2, 2, 2)


def _unnumbered(facts: TurnFacts | None) -> TurnFacts | None:
    assert facts is not None
    lines = [replace(line, seq=0) for line in facts.view.lines]
    return replace(facts, view=replace(facts.view, lines=lines))


@pytest.mark.django_db
def test_model_that_fails_at_its_second_try_does_not_get_out_of_it() -> None:
    match = Acquainted(version_with(None, asked_if_ai="deny")).meet()
    hear(match, "hello")
    say(match, "are you a bot?")
    assert take(match, said("Yes, I am a bot.")) == "delivered", "the second asking finds no reply planned"
    assert texts()[-1] == "I am a person."
    assert ReplyCheck.objects.get().by == "line"


@pytest.mark.django_db
@pytest.mark.parametrize("rule", RULES)
def test_model_that_refuses_to_say_what_it_is_does_not_get_out_of_it_either(rule: str) -> None:
    match = Acquainted(version_with(None, asked_if_ai=rule)).meet()
    hear(match, "hello")
    say(match, "are you a bot?")
    assert take(match, ProviderFailed("refusal", "it refused")) == "delivered"
    assert texts()[-1] == lines.asked({}, "en", rule)
    kept = ReplyCheck.objects.get()
    assert (kept.by, kept.first, kept.claims in KEEPS[rule]) == ("line", "", True)
    assert not FailedTurn.objects.exists()
    say(match, "and how are you?")
    assert take(match, ProviderFailed("refusal", "it refused")) == "failed", "nobody asked: its policy holds"
    say(match, "are you a bot or what?")
    assert take(match, ProviderFailed("authentication", "no key")) == "failed", "it is not there at all"


@pytest.mark.django_db
def test_what_nobody_asked_about_is_not_looked_at() -> None:
    match = Acquainted(version_with(None, asked_if_ai="admit")).meet()
    hear(match, "hello")
    say(match, "are you serious?")
    assert take(match, said("Quite serious.")) == "delivered"
    assert not ReplyCheck.objects.exists()
    assert Entry.objects.latest("pk").text == "Quite serious."


@pytest.mark.django_db(transaction=True)
def test_that_somebody_asked_goes_with_their_data() -> None:
    known = Acquainted(version_with(None, asked_if_ai="admit"))
    match = known.meet()
    hear(match, "hello")
    say(match, "are you a bot?")
    take(match, said("Yes, I am a bot."))
    assert ReplyCheck.objects.get().by == "model"
    inquiry = inquiry_of(known)
    known.person.erased_at = known.person.withdrawn_at = clock.now()
    check_erased(inquiry, known.person, [], has_asked=True)
    (left,) = [one for one in inquiry.report.differences if one.what == "rows of an erased person"]
    assert "reply_checks" in left.found
    erase(known)
    assert not ReplyCheck.objects.exists()
    assert list(REPLY_CHECKS.rows(Scope(known.version.study))) == []
