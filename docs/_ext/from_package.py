"""Directives whose content comes from the package, so that it cannot fall behind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import click
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from naslib_proxydata import plugins
from naslib_proxydata.cli.main import COMMANDS, group
from naslib_proxydata.config import SCHEMAS
from naslib_proxydata.plugins.checks import resolve
from naslib_proxydata.schema import Settings


class _Tables(SphinxDirective):
    required_arguments = 1
    final_argument_whitespace = False

    def markdown(self, header: list[str], lines: list[list[str]]) -> list[nodes.Node]:
        """Let the page's own parser read a table."""
        escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
        rows = [header, ["---"] * len(header), *escaped]
        text = StringList(["| " + " | ".join(row) + " |" for row in rows], source="package")
        container = nodes.container()
        self.state.nested_parse(text, self.content_offset, container)
        return list(container.children)


class Registered(_Tables):
    """``{registered} KIND``: what the package registers of a kind."""

    def run(self) -> list[nodes.Node]:
        kind = self.arguments[0]
        found = plugins.load()
        lines = []
        for name in found.names(kind):
            one = found.registration(kind, name)
            if found.provider(kind, name).distribution == "naslib-proxydata":
                lines.append([f"`{name}`", one.summary, _linked(one.paper)])
        return self.markdown(["name", "what it is", "source"], lines)


class RecipeTable(_Tables):
    """``{recipes} COMMAND``: the recipes of a command, with every value."""

    def run(self) -> list[nodes.Node]:
        lines = [
            [f"`{name}`", one.summary, _values(one.values), _linked(one.source), one.lacks]
            for name, one in SCHEMAS[self.arguments[0]].RECIPES.items()
        ]
        return self.markdown(["name", "what it is", "values", "source", "what it lacks"], lines)


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"`{key}: {json.dumps(value)}`" for key, value in values.items())


class SettingsTable(_Tables):
    """``{settings} module:Class``: the fields of a settings class."""

    def run(self) -> list[nodes.Node]:
        model: type[Settings] = resolve(self.arguments[0], "the documentation")
        defaults = model().model_dump(mode="json")
        lines = [
            [f"`{name}`", f"`{json.dumps(defaults[name])}`", field.description or ""]
            for name, field in model.model_fields.items()
        ]
        return self.markdown(["key", "default", "meaning"], lines)


class CommandHelp(SphinxDirective):
    """``{command-help}``: a section for each command, with its ``--help``."""

    option_spec = {"width": directives.positive_int}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        made: list[nodes.Node] = []
        for name in COMMANDS:
            section = nodes.section(ids=[f"command-{name}"])
            section += nodes.title(text=name)
            program = click.Context(group, info_name="naslib-proxydata")
            for text in self.helps(group.get_command(program, name), name, program):
                section += nodes.literal_block(text=text, language="none")
            made.append(section)
        return made

    def helps(self, command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
        """Yield the help of a command and of those within it."""
        width = self.options.get("width", 88)
        context = click.Context(command, info_name=name, parent=parent, terminal_width=width)
        yield command.get_help(context)
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                yield from self.helps(command.get_command(context, inner), inner, context)


def _linked(paper: str) -> str:
    """Turn ``arXiv 2210.09459`` into a link."""
    return re.sub(r"arXiv (\d{4}\.\d{5}(?:v\d+)?)", r"[arXiv \1](https://arxiv.org/abs/\1)", paper)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("registered", Registered)
    app.add_directive("recipes", RecipeTable)
    app.add_directive("settings", SettingsTable)
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}
