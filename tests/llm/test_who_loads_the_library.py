"""The library of models costs seconds and 150 MB: nobody has it but who asks a model."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.places import ROOT

PLATFORM = ROOT / "platform"
ITS_OWN = {"llm/providers/litellm.py", "llm/providers/bounded.py"}
HEAVY = ("litellm", "openai", "httpx", "tiktoken", "tokenizers")


def run(code: str, **variables: str) -> str:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": f"{PLATFORM}:{ROOT}", **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def loaded() -> str:
    return f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"


def modules() -> list[str]:
    """Every module of the platform but the one that stands on the library."""
    files = sorted(file.relative_to(PLATFORM) for file in PLATFORM.rglob("*.py"))
    named = [file for file in files if "migrations" not in file.parts and file.as_posix() != "llm/providers/bounded.py"]
    return [".".join(file.with_suffix("").parts).removesuffix(".__init__") for file in named]


def importing(file: Path) -> list[tuple[str, str]]:
    """What a file imports, with the function it does so in."""
    tree = ast.parse(file.read_text())
    found = []
    for node in ast.walk(tree):
        inside = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        for child in ast.iter_child_nodes(node) if not isinstance(node, ast.Module) else node.body:
            if isinstance(child, ast.Import):
                found += [(alias.name, inside) for alias in child.names]
            elif isinstance(child, ast.ImportFrom):
                found += [(f"{child.module}.{alias.name}", inside) for alias in child.names]
    return found


def test_importing_every_module_of_the_platform_loads_no_library_of_models() -> None:
    """So no page, socket, command, job or reaction can have it by what it imports."""
    code = "import sys, importlib\nimport django; django.setup()\n"
    code += f"for one in {modules()!r}: importlib.import_module(one)\n"
    assert run(code + loaded()) == "[]"


@pytest.mark.parametrize(("queue", "expected"), [("jobs", "False"), ("bots", "True")])
def test_a_worker_of_jobs_does_not_load_it_and_that_of_bots_does_at_its_start(queue: str, expected: str) -> None:
    code = f"""
import sys, threading
import django; django.setup()
from types import SimpleNamespace
from unittest.mock import patch
from config import celery
queues = [SimpleNamespace(name={queue!r})]
with patch("events.loop.serve"), patch("config.celery._make_rules"):
    celery.start_the_loop(SimpleNamespace(task_consumer=SimpleNamespace(queues=queues)))
for thread in threading.enumerate():
    if thread.name == "warm-up":
        thread.join()
print("litellm" in sys.modules)
"""
    assert run(code, RAPPORT_LLM_KEY="sk-any", RAPPORT_LLM_PROVIDER="openai") == expected


def test_only_the_provider_imports_it_and_only_in_the_function_that_asks_for_it() -> None:
    found: dict[str, set[str]] = {}
    for file in PLATFORM.rglob("*.py"):
        for name, inside in importing(file):
            if name.split(".")[0] in HEAVY:
                found.setdefault(file.relative_to(PLATFORM).as_posix(), set()).add(inside)
    assert set(found) == ITS_OWN
    assert found["llm/providers/litellm.py"] == {"_library"}


def test_only_seats_ask_models() -> None:
    """A reaction that asks runs on the bots' loop only where it belongs to `bots`: see `config.reactions`."""
    askers = set()
    for file in PLATFORM.rglob("*.py"):
        own = file.relative_to(PLATFORM).parts[0]
        if own != "llm" and any(name in ("llm.door", "llm.door.complete") for name, _ in importing(file)):
            askers.add(own)
    assert askers == {"bots"}
