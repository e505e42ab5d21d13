"""Documents and messages say what is there: links lead somewhere, and the commands that are shown are commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from ztkit.cli.main import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    {ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")}
    | set((ROOT / "docs").glob("*.md"))
)
MODULES = sorted((ROOT / "ztkit").rglob("*.py"))
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
_BLOCK = re.compile(r"^```(?:\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`(ztkit [^`\n]+)`")


def commands(text):
    """Lines in code that call ztkit, without comments, pipes and redirections; a line that ends in a backslash goes on."""
    blocks = "\n".join(_BLOCK.findall(text)).replace("\\\n", " ")
    lines = [line.strip().removeprefix("$ ") for line in blocks.splitlines()]
    return [
        " ".join(re.split(r"\s+#|\s[|>&]|;", line)[0].split())
        for line in [*lines, *_SPAN.findall(text)]
        if line.startswith("ztkit ")
    ]


def wrong_with(line):
    """What is no command, option or argument of ztkit in a line; nothing where all is."""
    command = typer.main.get_command(app)
    context = command.context_class(command, info_name="ztkit")
    words = shlex.split(line.replace("…", ""))[1:]
    while hasattr(command, "get_command") and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"{words[0]!r} is no command of {context.command_path}"
        context = found.context_class(found, info_name=words.pop(0), parent=context)
        command = found
    parameters = command.get_params(context)
    options = {name: item for item in parameters for name in (*item.opts, *item.secondary_opts)}
    free = [item.nargs for item in parameters if item.param_type_name == "argument"]
    unknown, positional = [], 0
    words = iter(words)
    for word in words:
        name, _, value = word.partition("=")
        if not re.match(r"--?[a-z]", word):
            positional += 1
        elif name not in options:
            unknown.append(word)
        elif not value and not options[name].is_flag:
            next(words, None)
    if unknown:
        return f"{context.command_path} has no {', '.join(unknown)}"
    return f"{context.command_path} takes {free}" if positional > sum(free) and -1 not in free else ""


def anchors(path):
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    for target, anchor in _LINK.findall(document.read_text(encoding="utf-8")):
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{document.name} links to {target}, which is not there"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{document.name} links to {target}#{anchor}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_shown_is_one(document):
    assert [
        f"{line}: {wrong}"
        for line in commands(document.read_text(encoding="utf-8"))
        if (wrong := wrong_with(line))
    ] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_message_names_is_one(module):
    named = [line for line in _SPAN.findall(module.read_text(encoding="utf-8")) if "ztkit {" not in line]
    assert [f"{line}: {wrong}" for line in named if (wrong := wrong_with(line))] == []


def test_commands_are_found_and_wrong_ones_noticed():
    assert (
        len([line for document in DOCUMENTS for line in commands(document.read_text(encoding="utf-8"))]) > 40
    )
    assert commands("```\n$ ztkit assess \\\n  -w x | less  # why\n```\nand `ztkit report`") == [
        "ztkit assess -w x",
        "ztkit report",
    ]
    assert "no command" in wrong_with("ztkit assesss -w x")
    assert "--workspaces" in wrong_with("ztkit assess --workspaces x")
    assert "takes []" in wrong_with("ztkit status x")
    assert wrong_with("ztkit assess -w x --live") == ""
    assert wrong_with("ztkit import a.json b.json") == ""
