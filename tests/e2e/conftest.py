"""One running product a file, each with a home of its own; started once, at the first test that asks for it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, sync_playwright

from tests.e2e.browser import DESKTOP, Tour
from tests.e2e.chat import Operator
from tests.e2e.harness import Product
from tests.processes import ROOT, home_directory


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with home_directory("e2e") as home:
        yield home


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """The environment of the product; a file with other wishes has a fixture of this name."""
    return {"CLOCK_START": "2026-01-05T08:00:00+08:00"}  # Monday, an hour before most messages


@pytest.fixture(scope="module")
def product(home: Path, settings: dict[str, str]) -> Iterator[Product]:
    with Product(home, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def operator(product: Product) -> Operator:
    """The owner, after the three questions."""
    aisyah = Operator(product)
    aisyah.claim()
    return aisyah


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "The browser tour needs Chromium: sh tests/install_chromium.sh"
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser found wrong with the page."""
    return []


@pytest.fixture
def page(browser: Browser, product: Product, complaints: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport=DESKTOP, color_scheme="light")
    page.set_default_timeout(15_000)

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    def on_response(response: Response) -> None:
        if not response.ok:
            complaints.append(f"{response.url}: {response.status}")

    def on_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # leaving a page ends what it has under way
            complaints.append(f"{request.url}: {request.failure}")

    page.on("console", on_console)
    page.on("response", on_response)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", on_failure)
    page.goto(product.url)
    yield page
    page.close()


@pytest.fixture
def tour(page: Page, artifacts: Path) -> Tour:
    """TOUR_SCREENSHOTS=docs/tour renews the pictures of the documentation."""
    wished = os.environ.get("TOUR_SCREENSHOTS")
    pictures = ROOT / wished if wished else artifacts
    pictures.mkdir(parents=True, exist_ok=True)
    return Tour(page, pictures)
