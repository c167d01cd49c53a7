"""How the policies of partner selection act and write."""

from statistics import mean
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.partner_selection.policies import POLICIES, POOLS
from tests.experiments.societies import group_of, seats_of, shown_at


@settings(max_examples=40, deadline=None)
@given(
    policy=st.sampled_from(sorted(POLICIES)),
    seed=st.integers(0, 9999),
    endowment=st.integers(2, 1000),
    chars=st.integers(20, 300),
)
def test_policies_give_only_what_the_fields_accept(policy: str, seed: int, endowment: int, chars: int) -> None:
    values: dict[str, Any] = {
        "endowment": endowment,
        "reply_chars": chars,
        "question_chars": chars,
        "rounds": 3,
        "beliefs_ask": "every_round",
    }
    group = group_of(seats_of(2, 2, 2), seed=str(seed), policy=policy, **values).play()  # raises where a field refuses
    assert len(group.plays) == 6
    assert all(play.acts["reply"][seat]["message"] for play in group.plays for seat in play.acts["reply"])


def returned_by(policy: str, **values: Any) -> list[tuple[str, int]]:
    """What the policy sent back, with what it knew of the round before ("" for nothing)."""
    found = []
    for seed in range(30):
        for match in group_of(seats_of(2, 2, 2), seed=str(seed), policy=policy, rounds=6, **values).play().matches:
            for place, view in shown_at(match, "decide"):
                if place.role == "candidate":
                    last = str(view.tables[0].rows[-1][2]) if view.tables else ""
                    found.append((last, match.done["decide"][place.seat]["returned"]))
    return found


def test_policies_differ_as_their_names_say() -> None:
    amounts = {name: [amount for _, amount in returned_by(name)] for name in POLICIES}
    assert abs(mean(amounts["fair"]) - 15) < 1
    assert mean(amounts["selfish"]) < 4
    assert len(set(amounts["noisy"])) > 20
    assert max(amounts["fair"]) - min(amounts["fair"]) <= 12


def test_reciprocator_answers_having_been_picked() -> None:
    by_last: dict[str, list[int]] = {}
    for last, amount in returned_by("reciprocator"):
        by_last.setdefault(last, []).append(amount)
    assert mean(by_last["yes"]) > mean(by_last[""]) > mean(by_last["no"])
    blind = returned_by("reciprocator", history="none")
    assert {last for last, _ in blind} == {""}
    assert abs(mean([amount for _, amount in blind]) - 13.5) < 1


def test_words_of_policies_tell_nothing_of_the_rule() -> None:
    said = {}
    for name in POLICIES:
        matches = group_of(seats_of(2, 2, 2), policy=name, rounds=4).play().matches
        said[name] = [(match.done["ask"], match.done["reply"]) for match in matches]
    assert all(words == said["fair"] for words in said.values())  # the same chance gives the same words
    assert len(set(POOLS["message"])) > 300
    lengths = [len(text) for text in POOLS["message"]]
    assert 25 < mean(lengths) < 60
    for text in [*POOLS["message"], *POOLS["question"]]:
        assert not {"ai", "bot", "human", "robot", "program"} & set(text.lower().replace("?", "").split())
