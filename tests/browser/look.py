"""What is looked at on every page that a browser test meets: words, accessibility, width, complaints of the browser."""

import os
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# A participant must not read what is studied, what is manipulated, or who made the software.
FORBIDDEN = ("rapport", "trust", "bot", "hidden", "condition", "factor", "disclosed", "selection", "treatment", "arm")
SMALLEST = {"width": 320, "height": 700}
AXE = Axe()
# What the pages show, their titles, and the words that assistive technology reads.
READ = """() => [document.title, location.pathname, document.body.innerText,
  ...[...document.querySelectorAll('[aria-label],[alt],[title],[placeholder]')].flatMap(
    (e) => ['aria-label', 'alt', 'title', 'placeholder'].map((a) => e.getAttribute(a) || '')),
  ...[...document.querySelectorAll('[name]')].map((e) => e.getAttribute('name'))].join('\\n')"""


def forbidden_words(text: str) -> list[str]:
    """The forbidden words that stand in `text`, as words of their own."""
    return [word for word in FORBIDDEN if re.search(rf"\b{word}s?\b", text, re.IGNORECASE)]


def read(page: Page) -> str:
    """Everything on a page that somebody could read, seen or spoken."""
    return str(page.evaluate(READ))


def check_words(page: Page, *, allowed: tuple[str, ...] = ()) -> None:
    """Fail when a page shows a forbidden word."""
    found = [word for word in forbidden_words(read(page)) if word not in allowed]
    assert not found, f"{page.url} shows {found}:\n{page.locator('body').inner_text()}"


def check_access(page: Page) -> None:
    """Fail when axe finds a violation."""
    results = AXE.run(page)
    assert results.violations_count == 0, results.generate_report()


def check_width(page: Page) -> None:
    """Fail when a page is wider than the smallest phone."""
    before = page.viewport_size
    page.set_viewport_size(SMALLEST)  # type: ignore[arg-type]
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if before:
        page.set_viewport_size(before)
    assert over <= 0, f"{page.url} is {over} px too wide at {SMALLEST['width']} px"


def check(page: Page, *, allowed: tuple[str, ...] = ()) -> None:
    """Everything above."""
    check_words(page, allowed=allowed)
    check_access(page)
    check_width(page)


def listen(page: Page) -> list[str]:
    """Collect what the browser complains about: errors of scripts, refusals of the content security policy."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def picture(page: Page, name: str) -> None:
    """Keep a picture where RAPPORT_SCREENSHOTS says; nothing otherwise."""
    folder = os.environ.get("RAPPORT_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.evaluate("() => window.scrollTo(0, 0)")
        page.mouse.move(0, 0)  # what lies under it is drawn differently
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
