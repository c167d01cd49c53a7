"""What a policy gives, as a page's form sends it."""

from collections.abc import Mapping
from typing import Any

import pytest

from simulation.conduct import as_form
from simulation.pages import Asked, Shown


def page(*names: str) -> Shown:
    return Shown(kind="match", asked={name: Asked(name, "text") for name in names})


def entry(kind: str, text: str = "", **facts: Any) -> dict[str, Any]:
    return {"entries": [{"kind": kind, "text": text, "facts": facts}], "then": "ready"}


@pytest.mark.parametrize(
    ("values", "asked", "sent"),
    [
        ({"choice": "A", "returned": 0, "question": ""}, "choice returned question", "choice=A returned=0 question="),
        ({"choice": None, "elsewhere": 1}, "choice", ""),
        (entry("message", "hello"), "message then", "message=hello then=ready"),
        (entry("comment", "why?", to=3), "do to message then", "do=comment to=3 message=why? then=ready"),
        (entry("vote", to=3, value=-1), "do to message then", "do=down to=3 message= then=ready"),
        (entry("edit", "text", section="plan"), "section message then", "section=plan message=text then=ready"),
        ({"entries": [], "then": "ready"}, "message then", "then=ready"),
    ],
)
def test_values_become_what_the_form_asks_for(values: Mapping[str, Any], asked: str, sent: str) -> None:
    assert as_form(values, page(*asked.split())) == dict(word.split("=") for word in sent.split())
