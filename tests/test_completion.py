"""Tab in a shell: commands, and the formats of an export, are completed without computing anything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from polynya.commands.export import NAMES
from polynya.results.exports import FORMATS

SCRIPT = Path(sys.executable).with_name("polynya")
pytestmark = pytest.mark.skipif(not SCRIPT.exists(), reason="the script is not installed")


def complete(shell: str, words: str) -> str:
    given = {"bash": {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}}
    other = {"_TYPER_COMPLETE_ARGS": words}
    environment = {**os.environ, "_POLYNYA_COMPLETE": f"complete_{shell}", **given.get(shell, other)}
    if shell == "fish":
        environment["_TYPER_COMPLETE_FISH_ACTION"] = "get-args"
    return subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_are_completed(shell: str) -> None:
    assert "explain" in complete(shell, "polynya exp")
    assert "world" not in complete(shell, "polynya exp")


def test_formats_are_completed() -> None:
    assert complete("bash", "polynya export my-run --to g").split() == ["geojson"]
    assert set(NAMES) == set(FORMATS)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_the_script_for_bash_works_in_bash() -> None:
    # asked from bash, for the script for bash: which shell asks is read from the processes above
    asked = ["bash", "-c", f"'{SCRIPT}' --show-completion bash; exit $?"]
    shown = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    ask = 'COMP_WORDS=(polynya expl); COMP_CWORD=1; _polynya_completion polynya; echo "${COMPREPLY[@]}"'
    path = f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        ["bash", "-c", f"{shown}\n{ask}"], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["explain"]
