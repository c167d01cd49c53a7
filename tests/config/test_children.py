"""The five processes: which flags, which connections."""

from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command

from config.supervisor.children import NAMES, argv_of, environment_of

MOST_CONNECTIONS = 80


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_serve_becomes_what_up_would_start(name: str) -> None:
    with patch("os.execvpe") as become, patch("os.chdir"):
        call_command("serve", name)
    (program, argv, env), _ = become.call_args
    assert (program, argv) == (argv[0], argv_of(name))
    assert env.items() >= environment_of(name).items()


def test_serve_knows_five_processes_only() -> None:
    with pytest.raises(CommandError):
        call_command("serve", "everything")


def test_each_worker_takes_one_queue() -> None:
    queues = {name: argv_of(name)[argv_of(name).index("-Q") + 1] for name in ("bots", "jobs")}
    assert queues == {"bots": "bots", "jobs": "jobs"}
    assert "threads" in argv_of("bots")
    assert "prefork" in argv_of("jobs")


def test_connections_stay_within_the_budget() -> None:
    """A pool holds 8; a page worker one per thread; a prefork child, its parent, the sweeper's threads one each."""
    pages = argv_of("pages")
    per_pages = int(pages[pages.index("--workers") + 1]) * int(pages[pages.index("--threads") + 1])
    pools = 8 * [environment_of(name)["RAPPORT_DB_POOL"] for name in NAMES].count("pool")
    others = 3 + 8 + 10
    assert environment_of("pages")["RAPPORT_DB_POOL"] == "persistent"
    assert per_pages + pools + others <= MOST_CONNECTIONS
