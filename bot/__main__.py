"""`python -m bot`: the whole product in one process."""

from bot.cli import run

run()
