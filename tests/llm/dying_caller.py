"""One call on a budget in a process of its own that kills itself, as the kernel would, at a marked point.

Run as `python -m tests.llm.dying_caller POINT` with DATABASE_URL naming the test's database.
"""

import asyncio
import sys

from tests.machinery.dying import first_die, then_die

POINTS = ["before it is reserved", "while it is reserved", "during the call", "before it is settled",
          "while it is settled", "after it is settled"]  # fmt: skip
SCOPE = 77


def arm(point: str) -> None:
    """Put the charge in its place. The functions of `budgets` are called in a transaction that is open."""
    from django.conf import settings

    from llm import budgets, services

    provider = "tests.machinery.dying.ask_and_die" if point == "during the call" else "tests.llm.spenders.ask"
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"spender": provider}
    match point:
        case "before it is reserved":
            budgets.reserve = first_die(budgets.reserve)
        case "while it is reserved":
            budgets.reserve = then_die(budgets.reserve)
        case "before it is settled":
            services.close_call = first_die(services.close_call)
        case "while it is settled":
            budgets.conclude = then_die(budgets.conclude)
        case "after it is settled":
            services.close_call = then_die(services.close_call)


def main() -> None:
    """Ask once, until the charge goes off."""
    import django

    django.setup()
    arm(sys.argv[1])
    from llm.door import complete
    from llm.spending import Limit
    from tests.llm.spenders import MOST, request, spending

    limits = [Limit("study:1", "study", hard_usd=MOST * 3), Limit("study:1/day", "day", hard_usd=MOST * 3)]
    asyncio.run(complete(request(SCOPE, spending(*limits))))


if __name__ == "__main__":
    main()
