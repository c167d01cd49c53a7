"""A Chromium without a window, for pictures and PDF: one process, spoken to over its DevTools socket.

Chromium is no part of an installation; whoever wants pictures has one, or names one in RAPPORT_CHROMIUM.
"""

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from django.conf import settings

from config.supervisor.process import die_with_parent
from screens.errors import ScreensError

NAMES = ("chromium", "chromium-browser", "google-chrome")
REMEDY = "install one (`apt-get install chromium`) or name one in RAPPORT_CHROMIUM; without it, leave --pdf out"
# Its own sandbox does not run as root, and all that it loads is what we hand it.
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--mute-audio",
)
OFFLINE = ("--disable-background-networking", "--no-first-run", "--proxy-server=127.0.0.1:9")
START_SECONDS, ANSWER_SECONDS = 30.0, 120.0
HEIGHT = 480  # of the window; a picture is as high as its page
PHONE = 500  # narrower is a phone
QUALITY = 80
IS_LOADED = "document.readyState === 'complete' && location.protocol === 'file:'"


def chromium_path() -> str:
    """Where a Chromium is; empty when there is none."""
    return settings.CHROMIUM or next((path for name in NAMES if (path := shutil.which(name))), "")


def needed_path() -> str:
    """Where a Chromium is. Raises ScreensError: "no_browser"."""
    path = chromium_path()
    if not path:
        raise ScreensError("no_browser", f"no Chromium was found: {REMEDY}")
    return path


def pictures_of(pages: Sequence[str], *, widths: Sequence[int], script: str) -> list[list[str]]:
    """What whole documents look like, as data: addresses, for each page at each width.

    Args:
        widths: Of the window, in CSS pixels.
        script: Run in every page before its picture is taken.

    Raises:
        ScreensError: "no_browser", "browser_failed".
    """
    return asyncio.run(_pictures_of(pages, widths, script))


async def _pictures_of(pages: Sequence[str], widths: Sequence[int], script: str) -> list[list[str]]:
    async with _tab() as tab:
        return [[await tab.picture(page, width, script) for width in widths] for page in pages]


def pdf_of(file: Path) -> bytes:
    """An HTML file as it is printed. Raises ScreensError: "no_browser", "browser_failed"."""
    return asyncio.run(_pdf_of(file))


async def _pdf_of(file: Path) -> bytes:
    async with _tab() as tab:
        return await tab.printed(file)


class _Tab:
    """One page of a running Chromium."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._session: dict[str, str] = {}

    async def open(self) -> None:
        """Make the page and attach to it."""
        target = await self.ask("Target.createTarget", url="about:blank")
        attached = await self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        await self.ask("Page.enable")

    async def ask(self, method: str, **parameters: Any) -> Mapping[str, Any]:
        """Call a method of the DevTools protocol and return its result."""
        self._number += 1
        said = {"id": self._number, "method": method, "params": parameters, **self._session}
        await self._socket.send_json(said)
        answer = await self._answer(self._number)
        if "error" in answer:
            raise ScreensError("browser_failed", f"{method}: {answer['error']['message']}")
        result: Mapping[str, Any] = answer["result"]
        return result

    async def _answer(self, number: int) -> Mapping[str, Any]:
        """The answer to a question; what else is said meanwhile does not matter."""
        while True:
            message = await self._socket.receive(timeout=ANSWER_SECONDS)
            if message.type != aiohttp.WSMsgType.TEXT:
                raise ScreensError("browser_failed", f"Chromium ended while it was asked ({message.type.name})")
            said: Mapping[str, Any] = json.loads(message.data)
            if said.get("id") == number:
                return said

    async def picture(self, html: str, width: int, script: str) -> str:
        """A picture of a whole document."""
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < PHONE}
        await self.ask("Emulation.setDeviceMetricsOverride", **size)
        tree = await self.ask("Page.getFrameTree")
        await self.ask("Page.setDocumentContent", frameId=tree["frameTree"]["frame"]["id"], html=html)
        await self.ask("Runtime.evaluate", expression=script)
        metrics = await self.ask("Page.getLayoutMetrics")
        clip = {"x": 0, "y": 0, "width": width, "height": metrics["cssContentSize"]["height"], "scale": 1}
        shot = await self.ask(
            "Page.captureScreenshot", format="webp", quality=QUALITY, captureBeyondViewport=True, clip=clip
        )
        return f"data:image/webp;base64,{shot['data']}"

    async def printed(self, file: Path) -> bytes:
        """A file as PDF."""
        await self.ask("Page.navigate", url=file.resolve().as_uri())
        while (await self.ask("Runtime.evaluate", expression=IS_LOADED))["result"].get("value") is not True:
            await asyncio.sleep(0.1)
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, "generateDocumentOutline": True}
        done = await self.ask("Page.printToPDF", **paper)
        return base64.b64decode(done["data"])


@asynccontextmanager
async def _tab() -> AsyncIterator[_Tab]:
    """A page in a Chromium of its own, which ends with it."""
    path = needed_path()
    with tempfile.TemporaryDirectory(prefix="rapport-chromium-", ignore_cleanup_errors=True) as home:
        argv = [path, *OPTIONS, *OFFLINE, "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank"]
        process = subprocess.Popen(  # noqa: S603  our own argv
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  only the main thread forks
        )
        try:
            async with aiohttp.ClientSession() as session:
                address = await _address(Path(home), process, path=path)
                async with session.ws_connect(address, max_msg_size=0, origin=None) as socket:
                    tab = _Tab(socket)
                    await tab.open()
                    yield tab
        except (aiohttp.ClientError, TimeoutError) as error:
            text = f"Chromium did not answer ({type(error).__name__}): try again, or leave pictures and PDF out"
            raise ScreensError("browser_failed", text) from error
        finally:
            _end(process)


async def _address(home: Path, process: subprocess.Popen[bytes], *, path: str) -> str:
    """Where its DevTools listen; it writes that into its home."""
    file = home / "DevToolsActivePort"
    waited = 0.0
    while not file.exists() or len(file.read_text().split()) < 2:
        if process.poll() is not None or waited > START_SECONDS:
            raise ScreensError("browser_failed", f"{path} did not start: {REMEDY}")
        await asyncio.sleep(0.1)
        waited += 0.1
    port, where = file.read_text().split()[:2]
    return f"ws://127.0.0.1:{port}{where}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the browser and all that it has started, by the group that it alone leads."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
