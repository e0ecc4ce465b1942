"""The `dripdesk` command. What a command needs is imported inside of it: `--help` answers at once."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from engine.errors import DripdeskError
from engine.settings import Settings, load_settings
from models.enums import TokenScope

app = typer.Typer(no_args_is_help=True, add_completion=False, help="WhatsApp outreach, run from Telegram.")
tokens = typer.Typer(no_args_is_help=True, help="Tokens for the HTTP API.")
app.add_typer(tokens, name="token")


@app.command()
def run() -> None:
    """Run everything: Telegram, REST, jobs and device workers."""

    async def work(settings: Settings) -> None:
        from bot.app import serve

        await serve(settings)

    _carry_out(work)


@app.command()
def engine() -> None:
    """Run jobs and device workers only, beside another dripdesk on the same database."""

    async def work(settings: Settings) -> None:
        from engine.__main__ import serve

        await serve(settings)

    _carry_out(work)


@app.command()
def phones(port: Annotated[int, typer.Option(help="Where the phones are served.")] = 8090) -> None:
    """Run the simulated WhatsApp network on its own; point SIMULATOR_URL at it."""

    async def work(settings: Settings) -> None:
        from engine.transports.simulator.__main__ import serve

        await serve(settings, port)

    _carry_out(work)


@tokens.command("create")
def create_token(
    workspace: Annotated[str, typer.Option(help="The name of the team.")],
    scope: Annotated[TokenScope, typer.Option(help="What the token may do.")] = TokenScope.READ,
) -> None:
    """Print a new API token. It is shown once."""

    async def work(settings: Settings) -> None:
        from engine.runtime import foundation
        from engine.workspaces import Workspaces

        async with foundation(settings) as base:
            print(await Workspaces(base.database, base.clock, settings).create_token(workspace, scope))

    _carry_out(work)


def _carry_out(work: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a command to its end; what a person can mend is one line on stderr and exit code 2."""
    from bot.logs import set_up_logging

    try:
        settings = load_settings()
        set_up_logging(settings)
        asyncio.run(work(settings))
    except* DripdeskError as group:
        print(f"dripdesk: {_first(group)}", file=sys.stderr)
        raise SystemExit(2) from None


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


if __name__ == "__main__":
    app()
