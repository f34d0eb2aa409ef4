"""Sizes: a module or function that outgrows its noun is split by verb."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "zoco"
MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "data", "stuff"}


def modules() -> list[Path]:
    found = sorted(path for path in SOURCE.rglob("*.py") if "node_modules" not in path.parts)
    assert len(found) > 50, "the search for modules is broken"
    return found


def test_no_module_is_longer_than_it_may_be() -> None:
    too_long = {str(path.relative_to(SOURCE)): n for path in modules() if (n := lines(path)) > MODULE_LINES_MAX}
    assert not too_long


def test_no_function_is_longer_than_it_may_be() -> None:
    too_long = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES_MAX:
                    too_long.append(f"{path.relative_to(SOURCE)}:{node.lineno} {node.name} has {length} lines")
    assert not too_long


def test_every_module_says_which_question_it_answers() -> None:
    silent = [
        str(path.relative_to(SOURCE)) for path in modules() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in modules() if path.stem in VAGUE]


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
