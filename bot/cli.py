"""The `dripdesk` command. What a command needs is imported inside of it: `--help` answers at once."""

import asyncio
import gc
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
        gc.disable()  # to look for garbage among what is being imported takes a good part of the start
        from bot.app import serve

        gc.freeze()
        gc.enable()
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


@app.command()
def status(
    device: Annotated[str | None, typer.Option(help="Only the device of this name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every device, however many there are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Show engines, devices, queue depth and lag."""

    async def work(settings: Settings) -> None:
        from bot.status import chosen, print_json, print_tables, read_fleet

        report = await read_fleet(settings)
        devices = chosen(report, device)
        if as_json:
            print_json(report, devices)
        else:
            print_tables(report, devices, name=device, everything=everything)

    _carry_out(work)


@app.command()
def doctor() -> None:
    """Check database, rights, clocks, disk, transports, and say what to do. Exit code 1 on a problem."""

    async def work(settings: Settings) -> None:
        from bot.doctor import examine_all, is_healthy, print_results

        results = await examine_all(settings)
        print_results(results)
        if not is_healthy(results):
            raise typer.Exit(1)

    _carry_out(work)


@app.command("session-key")
def session_key() -> None:
    """Print a new key for SESSION_KEY, which encrypts the sessions of real devices."""
    from engine.devices.session_keys import new_key

    print(new_key())


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
    from engine.logs import set_up_logging

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
