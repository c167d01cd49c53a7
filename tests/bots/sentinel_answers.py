"""A model that answers as a test says, under the name that it says. `settings.LLM_PROVIDERS["told"]`."""

from llm.errors import ProviderFailed
from llm.exchange import Question, Reply


class Model:
    """What it says to each prompt: the newest of these answers, one after the other; the last one stays."""

    served = "told/1"
    software = ""
    answers: dict[str, list[str]] = {}
    is_down = False
    asked: list[Question] = []

    @classmethod
    def begin(cls) -> None:
        """As it is before anything has changed."""
        cls.served, cls.software, cls.is_down = "told/1", "", False
        cls.answers, cls.asked = {"Name a colour.": ["Blue"], "What is 17 times 23?": ["391"]}, []


async def ask(question: Question) -> Reply:
    Model.asked.append(question)
    if Model.is_down:
        raise ProviderFailed("authentication", "no such key")
    said = Model.answers[str(question.messages[0]["content"])]
    text = said.pop(0) if len(said) > 1 else said[0]
    return Reply(
        text=text, model_served=Model.served, tokens_in=5, tokens_out=1, system_fingerprint=Model.software
    )  # fmt: skip
