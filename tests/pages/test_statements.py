"""How often a page goes to the database: pinned, so that a loop of queries is noticed when it comes in."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from flow.forms import FORM
from matching.models import Group
from studies import definition
from tests.flow.conftest import PAGES

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)", re.IGNORECASE)


@dataclass
class Counted:
    """Statements, and commits of transactions in which something was written."""

    statements: int = 0
    writing_commits: int = 0
    has_written: bool = False

    def __call__(self, execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        self.statements += 1
        if WRITES.match(sql):
            self.has_written |= connection.in_atomic_block
            self.writing_commits += not connection.in_atomic_block
        return execute(sql, *args)

    def committed(self) -> None:
        """A transaction has ended well."""
        self.writing_commits += self.has_written
        self.has_written = False


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """Count what goes to the database inside the block."""
    found, commit = Counted(), BaseDatabaseWrapper.commit

    def counting(self: BaseDatabaseWrapper) -> None:
        commit(self)
        found.committed()

    monkeypatch.setattr(BaseDatabaseWrapper, "commit", counting)
    with connection.execute_wrapper(found):
        yield found


def sent(client: Client, **data: str) -> Any:
    """The form of the page that is shown, filled in."""
    html = client.get("/s/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)">', html))
    return urlencode({**hidden, **data})


@pytest.fixture
def both(make_group: Callable[..., Group], browser_of: Callable[[Group, int], Client]) -> tuple[Client, Client]:
    group = make_group("giver", "taker")
    giver, taker = browser_of(group, 1), browser_of(group, 2)
    for client in (giver, taker):  # whatever a process reads once, such as the version, has been read
        client.get("/s/")
    for page in PAGES:  # so have the texts: a step that opens keeps what its pages say
        definition.text(group.version, f"pages/{page}.md")
    return giver, taker


def submit(client: Client, body: str) -> None:
    answer = client.post("/s/", body, content_type=FORM, headers={"X-Fragment": "1"})
    assert (answer.status_code, answer.headers["X-Outcome"]) == (200, "stored")


def test_page_is_read_without_writing(both: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as page:
        both[0].get("/s/")
    assert (page.statements, page.writing_commits) == (7, 0)


def test_question_whether_there_is_news_reads_little(
    both: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    html = both[1].get("/s/").content.decode()
    rev = re.search(r'data-rev="([^"]+)"', html)
    assert rev
    with counted(monkeypatch) as poll:
        assert both[1].get("/s/poll", {"rev": rev[1]}).status_code == 204
    assert (poll.statements, poll.writing_commits) == (2, 0)


def test_act_is_one_commit(both: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    body = sent(both[0], sent="4")
    with counted(monkeypatch) as closing:
        submit(both[0], body)
    assert closing.writing_commits == 1, "the act, the end of its step, the next step and its deadline in one"
    assert closing.statements == 24


def test_act_that_others_wait_with_is_one_commit(both: tuple[Client, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    giver, taker = both
    submit(giver, sent(giver, sent="4"))
    body = sent(taker, more="yes", words="well")
    with counted(monkeypatch) as one:
        submit(taker, body)
    assert one.writing_commits == 1
    assert one.statements == 15
