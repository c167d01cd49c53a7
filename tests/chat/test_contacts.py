"""Contact details in messages: what is found, what is not, and how often ordinary words are taken for them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.contacts import found
from flow.drawing import TURNING, UNSEEN
from tests.chat.contact_set import LATER_WITH, LATER_WITHOUT, WITH, WITHOUT

LEAST_RECALL = 0.95
MOST_FALSE_ALARMS = 0.02
KINDS = sorted({kind for kind, _ in WITH})


def missed(kind: str) -> list[str]:
    return [text for name, text in WITH if name == kind and kind not in found(text)]


@pytest.mark.parametrize("kind", KINDS)
def test_contact_details_are_found(kind: str) -> None:
    of_kind = [text for name, text in WITH if name == kind]
    assert len(of_kind) >= 14
    assert 1 - len(missed(kind)) / len(of_kind) >= LEAST_RECALL - 0.05, missed(kind)


def test_most_contact_details_are_found_and_few_other_words_are_taken_for_them() -> None:
    lost = [text for _, text in WITH if not found(text)]
    wrong = {text: kinds for text in WITHOUT if (kinds := found(text))}
    assert len(WITHOUT) >= 90
    assert 1 - len(lost) / len(WITH) >= LEAST_RECALL, lost
    assert len(wrong) / len(WITHOUT) <= MOST_FALSE_ALARMS, wrong


@pytest.mark.parametrize("unseen", [*TURNING, *UNSEEN, "\u200c", "\u200d", "\u00ad", "\U000e0041", "\x01"])
def test_what_nobody_sees_parts_no_number(unseen: str) -> None:
    assert found(f"0170 12{unseen}34 56{unseen}78") == ("phone",)


@given(st.text(max_size=400))
def test_any_text_is_looked_through(text: str) -> None:
    kinds = found(text)
    assert list(kinds) == sorted(set(kinds))
    assert "email" in found(f"{text.replace('@', ' ')} anna@example.org")


@pytest.mark.parametrize("part", ["1 ", "a.", "@a", "(at)", "1-", "a@a.", "insta is ", "a", "1", " ", "-.", "add on "])
def test_longest_message_is_looked_through_at_once(part: str) -> None:
    began = time.process_time()
    found((part * 4000)[:4000])
    assert time.process_time() - began < 0.5


def test_what_was_written_afterwards_is_found_as_often_as_the_page_says() -> None:
    assert (sum(bool(found(text)) for _, text in LATER_WITH), len(LATER_WITH)) == (10, 15)
    assert (sum(bool(found(text)) for text in LATER_WITHOUT), len(LATER_WITHOUT)) == (1, 20)
