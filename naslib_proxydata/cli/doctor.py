"""``naslib-proxydata doctor``: what of NASLib works here, and what is missing."""

from __future__ import annotations

import sys

import click

from naslib_proxydata.cli.json_output import emit, json_option
from naslib_proxydata.cli.telling import tell


@click.command("doctor")
@json_option
def command(as_json: bool) -> None:
    """Say what of NASLib imports here, what is missing, and what to install.

    The exit code is 0 where all of it works, else 1. Whether there are compiled kernels, which
    only make Eproxy faster, changes nothing of that.
    """
    from naslib_proxydata.kernels.compiled import why_off
    from naslib_proxydata.naslib_bridge.doctor import examine

    findings, off = list(examine()), why_off()
    if as_json:
        kernels = {"what": "compiled kernels", "fine": not off, "detail": off or "in use"}
        emit({"findings": [*map(vars, findings), kernels]})
        sys.exit(0 if all(finding.fine for finding in findings) else 1)
    fine = True
    for finding in findings:
        fine = fine and finding.fine
        tell(f"{'ok' if finding.fine else 'missing':<8}{finding.what}: {finding.detail}")
    tell(f"{'off' if off else 'ok':<8}compiled kernels: {off or 'in use'}")
    if fine:
        tell("The bridge can be used: see docs/howto/naslib.md.")
        return
    tell("The bridge cannot be used in full. All else of naslib-proxydata needs no NASLib.")
    sys.exit(1)
