"""A provider that takes a side of a conversation, or writes both. `settings.LLM_PROVIDERS["openai"]` in some tests."""

import json

from llm.exchange import Question, Reply

SCRIPT = """A: Hello, is this yours?
B: It is.
A: [looks at it closely]
B: What do you say?
A: I will think about it.
A: [leaves]"""
OWN_TURNS = 2  # before it leaves
asked: list[Question] = []


async def ask(question: Question) -> Reply:
    asked.append(question)
    keys = (question.schema or {}).get("properties", {})
    if "dialogue" in keys:
        said: dict[str, object] = {"dialogue": SCRIPT}
    elif "reached" in keys:
        said = {"reached": 5, "guess": ""}
    else:
        made = str(question.messages[-1]["content"]).count('\nYou: "')
        said = {"act": "speak", "words": f"Word {made} of mine."} if made < OWN_TURNS else {"act": "leave", "words": ""}
    return Reply(text=json.dumps(said), model_served="sides/1", tokens_in=30, tokens_out=10)
