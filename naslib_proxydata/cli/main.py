"""The command line: commands by name, each imported only when it is used."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
import warnings
from typing import Any, NamedTuple

import click

from naslib_proxydata.cli.interrupts import Interrupted, Interrupts, keeping
from naslib_proxydata.cli.json_output import emit_error, is_asked, standard_output_for_json
from naslib_proxydata.cli.telling import PrintableFormatter, printable_warning, tell
from naslib_proxydata.cli.together import refuse_several
from naslib_proxydata.errors import ProxyDataError, closest
from naslib_proxydata.huge_pages import ask_for_huge_pages


class Lazy(NamedTuple):
    """Where a command lives, and what ``--help`` says of it."""

    module: str
    summary: str


COMMANDS = {
    "leaderboard": Lazy("leaderboard", "Rank predictors on measured benchmarks."),
    "list": Lazy("list", "List plugins and what they offer."),
    "select": Lazy("select", "Choose the examples that a search trains on."),
    "search": Lazy("search", "Search for an architecture by training a supernet."),
    "train": Lazy("train", "Train found networks, and measure what they reach."),
    "experiment": Lazy("experiment", "Run a grid of searches, and make one table of it."),
    "evolve": Lazy("evolve", "Search a space architecture by architecture."),
    "dps": Lazy("dps", "Search proxies that rank a few labels best."),
    "report": Lazy("report", "Make the page of a run folder, or compare leaderboards."),
    "convert": Lazy("convert", "Convert official benchmark files to the compact form."),
    "config": Lazy("config", "Show what a configuration file may hold."),
    "doctor": Lazy("doctor", "Say what of NASLib works here, and what is missing."),
}
"""Each command is ``cli/MODULE.py`` with a click command called ``command``."""


class LazyGroup(click.Group):
    """A group that imports a command when it is invoked, not to list it."""

    def invoke(self, ctx: click.Context) -> Any:
        """Invoke a command; what click would call "Aborted!" is told as what it is."""
        try:
            with keeping(lambda: "the same command starts anew"):
                return super().invoke(ctx)
        except EOFError as error:
            logging.getLogger(__name__).debug("a reader was at its end", exc_info=True)
            raise ProxyDataError(
                f"a file, or what another process sent, ends too early ({error or 'EOFError'}); "
                "'naslib-proxydata --verbose' with the same command logs where"
            ) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in their order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        refuse_several(cmd_name)
        from importlib import import_module

        module = import_module(f"naslib_proxydata.cli.{COMMANDS[cmd_name].module}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the arguments, naming the closest where there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}.{closest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, one.summary) for name, one in COMMANDS.items()])


def show_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    """Print the version and stop, where it was asked for; ``--help`` does not look it up."""
    if asked:
        from naslib_proxydata.version import installed_version

        click.echo(f"naslib-proxydata, version {installed_version()}")
        context.exit()


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_version,
    help="Show the version and exit.",
)
@click.option("-v", "--verbose", is_flag=True, help="Log what is going on.")
def group(verbose: bool) -> None:
    """Neural architecture search on a fraction of the data and the cost."""
    warnings.formatwarning = printable_warning
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrintableFormatter("%(levelname)s %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    if not verbose:
        for noisy in ("matplotlib", "PIL"):
            logging.getLogger(noisy).setLevel(logging.WARNING)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; the entry point of ``naslib-proxydata``.

    What a user can put right is told on the standard error stream, with exit code 2; interrupts
    end it with 130 (Ctrl-C) and 143 (SIGTERM).
    """
    _prepare_output()
    ask_for_huge_pages()
    given = sys.argv[1:] if arguments is None else arguments
    with Interrupts() as interrupts:
        try:
            if is_asked(given):
                _run_for_json(given)
            else:
                _run(given)
        except Interrupted as end:
            _tell_end(interrupts, str(end))
        except BaseException:
            if interrupts.received is None:
                raise
            # A library has turned the interrupt into an error of its own.
            _tell_end(interrupts, "the same command goes on from what is stored")
        else:
            return
        sys.exit(interrupts.exit_code)


def _run_for_json(arguments: list[str]) -> None:
    """Run the command line with an object of JSON on the standard output, whatever happens."""
    command = next((one for one in arguments if one in COMMANDS), "")
    with standard_output_for_json():
        try:
            _run(arguments, is_standalone=False)
        except click.ClickException as error:
            error.show()
            emit_error(command, type(error).__name__, error.format_message())
            sys.exit(error.exit_code)
        except _Told as told:
            emit_error(command, type(told.error).__name__, str(told.error))
            raise
        except (Exception, Interrupted) as error:
            emit_error(command, type(error).__name__, str(error))
            raise


class _Told(SystemExit):
    """An error was told that ends the command."""

    def __init__(self, error: ProxyDataError) -> None:
        super().__init__(2)
        self.error = error


def _tell_end(interrupts: Interrupts, kept: str) -> None:
    """Say in a line that a command was interrupted, and what is kept."""
    what = "terminated" if interrupts.received == signal.SIGTERM else "interrupted"
    if sys.stderr.isatty():
        tell("", err=True)  # ends the line that shows ^C
    tell(f"{what}: {kept}", err=True)


def _run(arguments: list[str], *, is_standalone: bool = True) -> None:
    """Run the command line, telling errors; those of click's only where it stands alone."""
    try:
        group.main(arguments, prog_name="naslib-proxydata", standalone_mode=is_standalone)
    except ProxyDataError as error:
        tell(f"error: {error}", err=True)
        raise _Told(error) from error
    except BrokenPipeError:
        _close_output()  # the reader of the pipe (head, say) has seen enough
        sys.exit(1)
    except OSError as error:
        if not _output_fails():
            raise
        _close_output()
        click.echo(
            f"error: cannot write to the standard output: {error.strerror}. All that was computed "
            "is in the run folder, if the command has one; send the output elsewhere",
            err=True,
        )
        sys.exit(2)


def _prepare_output() -> None:
    """Let every text be written to any terminal, file or pipe, or to one that is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this process
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            # Names of files and classes may have letters that the encoding has not.
            stream.reconfigure(errors="backslashreplace")


def _output_fails() -> bool:
    """Return whether the standard output is what cannot be written."""
    try:  # whatever it is buffered by
        print(flush=True)
    except OSError:
        return True
    return False


def _close_output() -> None:
    """Let nothing more be written, so that flushing at the exit does not raise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
