"""The server and what makes the library trust it belong to the tests, and to nothing that is shipped."""

import re
import subprocess
import sys
import tomllib

from tests.processes import ROOT, clean_environment
from tests.whatsapp_loopback.root_key import BUILT_IN

SHIPPED = ("bot", "engine", "models", "migrations")


def test_nothing_that_is_shipped_knows_the_loopback_server_or_the_librarys_key() -> None:
    forbidden = re.compile(
        rf"whatsapp_loopback|root_key|WACertPubKey|{BUILT_IN.hex()}|\bimport tests\b|from tests"
    )
    files = [path for package in SHIPPED for path in (ROOT / package).rglob("*.py")]

    assert files
    assert not [path for path in files if forbidden.search(path.read_text())]


def test_tests_are_not_shipped() -> None:
    included = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"][
        "include"
    ]

    assert {pattern.rstrip("*") for pattern in included} == set(SHIPPED)


def test_the_server_never_loads_the_library() -> None:
    """It would bring its threads, its signal handlers and its output with it."""
    program = "import sys, tests.whatsapp_loopback.__main__; sys.exit('neonize' in sys.modules)"

    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=clean_environment())
