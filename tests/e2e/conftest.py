"""One running product a file, each with a home of its own; started once, at the first test that asks for it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.chat import Operator
from tests.e2e.harness import Product


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Not under pytest's own directory, which the user that PostgreSQL runs as may not enter."""
    directory = Path(tempfile.mkdtemp(prefix="dripdesk-e2e-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


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
