"""A model that acts as the people and the rules of this test do, behind HTTP, in a process of its own.

Run as `python -m tests.blinding.model_seats`: it prints its address, and ends when its input does. Each answer takes a
part of a second; some first answers may not be said, so that they are asked for once more.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from random import Random
from types import TracebackType
from typing import Any

from config.places import ROOT
from tests.blinding.experiments.meeting.experiment import WORDS, contribution
from tests.blinding.study import TITLES
from tests.machinery.stub_server import StubServer

SECONDS = (0.2, 0.5)
SPOILT = 0.3
"""Share of first answers that are not to be said: words with a character that nobody sees, a number out of range."""
UNSEEN = "\u200b"
SHORT = [word for word in WORDS if len(word) < 5]  # so that the character fits
_OWN = re.compile(r"^\[\d+\] You: ", re.MULTILINE)


class Speaker:
    """Makes the answers. What the model has said in a talk is read from what it is sent, as a model would."""

    def __init__(self, seed: str) -> None:
        self.chance = Random(seed)

    def __call__(self, body: dict[str, Any]) -> str:
        time.sleep(self.chance.uniform(*SECONDS))
        asked = set(body["response_format"]["json_schema"]["schema"]["properties"])
        values = self.values(asked, body["messages"][1]["content"])
        is_first = len(body["messages"]) == 2
        return json.dumps(self.spoilt(values) if is_first and self.chance.random() < SPOILT else values)

    def values(self, asked: set[str], page: str) -> dict[str, Any]:
        """What somebody in its place would do at a page."""
        if "message" in asked:
            step = "chat" if TITLES["chat"] in page else "talk"
            given: Mapping[str, Any] = contribution(step, len(_OWN.findall(page)), self.chance)
        else:
            given = {"word": self.chance.choice(WORDS), "number": self.chance.randint(0, 9)}
        return {name: value for name, value in given.items() if name in asked}

    def spoilt(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The same as it may not be said; what holds nothing that can be spoilt, as it is."""
        worse: dict[str, Any] = {"number": 99, "word": f"{self.chance.choice(SHORT)}{UNSEEN}"}
        worse["message"] = worse["word"]
        return {name: worse[name] if name in worse and value != "" else value for name, value in values.items()}


class ModelProcess:
    """The process, between `with` and its end; `with ModelProcess() as address`."""

    def __enter__(self) -> str:
        paths = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.blinding.model_seats"],
            env={**os.environ, "PYTHONPATH": paths}, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        return self._process.stdout.readline().decode().strip()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def variables(address: str) -> dict[str, str]:
    """By which an installation asks the model at an address."""
    asked = {"RAPPORT_LLM_BASE": address, "RAPPORT_LLM_BASES": address}
    return asked | {"RAPPORT_LLM_KEY": "sk-of-the-test", "RAPPORT_LLM_PROVIDER": "openai"}


def main() -> None:
    """Serve until the input ends."""
    with StubServer() as server:
        server.answers = Speaker("model")
        sys.stdout.write(f"{server.base}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
