"""``naslib-proxydata doctor``: what of NASLib works here, and what is missing."""

from __future__ import annotations

import sys

import click

from naslib_proxydata.cli.telling import tell


@click.command("doctor")
def command() -> None:
    """Say what of NASLib imports here, what is missing, and what to install.

    The exit code is 0 where all of it works, else 1.
    """
    from naslib_proxydata.naslib_bridge.doctor import examine

    fine = True
    for finding in examine():
        fine = fine and finding.fine
        tell(f"{'ok' if finding.fine else 'missing':<8}{finding.what}: {finding.detail}")
    if fine:
        tell("The bridge can be used: see docs/howto/naslib.md.")
        return
    tell("The bridge cannot be used in full. All else of naslib-proxydata needs no NASLib.")
    sys.exit(1)
