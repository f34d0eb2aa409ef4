"""What import-linter cannot say in one contract: who may name what."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "zoco"
PROOFS = {"ReadableRepo", "ContentsRepo", "WritableRepo", "AdminRepo"}
LAST_RESORTS = {"surfaces/outer.py", "surfaces/xet/shards.py", "jobs/worker.py", "hub/cards/reread.py"}
READS_THE_ENVIRONMENT = {"settings.py", "cli/serve.py", "adapters/failpoints.py", "adapters/git/environment.py"}


def trees() -> list[tuple[str, ast.Module]]:
    found = [(str(p.relative_to(SOURCE)), ast.parse(p.read_text("utf-8"))) for p in sorted(SOURCE.rglob("*.py"))]
    assert len(found) > 50, "the search for modules is broken"
    return found


def test_a_rooms_store_is_imported_by_that_room_only() -> None:
    wrong = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("zoco.hub."):
                parts = node.module.split(".")
                names = {parts[-1]} | {alias.name for alias in node.names}
                room = parts[2]
                if any(one == "store" or one.endswith("_store") for one in names) and not name.startswith(
                    f"hub/{room}/"
                ):
                    wrong.append(f"{name}:{node.lineno} imports {node.module}")
    assert not wrong


def test_only_opening_a_repository_constructs_its_proof() -> None:
    wrong = []
    for name, tree in trees():
        if name == "hub/repos/open.py":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PROOFS:
                wrong.append(f"{name}:{node.lineno} constructs {node.func.id}")
    assert not wrong


def test_only_the_last_handlers_catch_everything() -> None:
    wrong = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and name not in LAST_RESORTS and _catches_all(node):
                reraises = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
                if not reraises:
                    wrong.append(f"{name}:{node.lineno}")
    assert not wrong


def test_only_the_settings_read_the_environment() -> None:
    wrong = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and node.attr in {"environ", "getenv"}
                and name not in READS_THE_ENVIRONMENT
            ):
                wrong.append(f"{name}:{node.lineno}")
    assert not wrong


def _catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"} for kind in kinds)
