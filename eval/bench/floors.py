"""How the code is laid out: modules of each folder, floors, and names that stand twice.

    python -m eval.bench.floors [--root CHECKOUT]

A floor is a step of the longest chain of imports from the command line down to the vocabulary, wherever in a module an
import stands; what is only for type checkers does not count. Modules that import each other share a floor.
"""

from __future__ import annotations

import argparse
import ast
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_ROOT = Path(__file__).parents[2]
# These run in the environments of other systems, which have nothing of ours.
_ELSEWHERE = ("eval.bench.peers.adapters", "eval.bench.peers.harness")


@dataclass(frozen=True)
class Code:
    """The modules of ``rag``, ``eval`` and ``app`` in a checkout."""

    root: Path

    @cached_property
    def files(self) -> dict[str, Path]:
        """Each module's file, by its dotted name."""
        found = [file for top in ("rag", "eval") for file in sorted((self.root / top).rglob("*.py"))]
        named = {self._name(file): file for file in [*found, self.root / "app.py"]}
        return {name: file for name, file in named.items() if not name.startswith(_ELSEWHERE)}

    def _name(self, file: Path) -> str:
        parts = file.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def imports(self, module: str, *, at_once: bool = False) -> set[str]:
        """Every module that ``module`` imports, but for type checkers only; ``at_once``: when it is itself imported."""
        tree = ast.parse(self.files[module].read_text("utf-8"))
        skipped = {
            id(inner)
            for node in ast.walk(tree)
            if (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
            or (at_once and isinstance(node, ast.FunctionDef))
            for inner in ast.walk(node)
        }
        found: set[str] = set()
        for node in ast.walk(tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                assert not node.level, f"{module} imports relatively"
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= (names & self.files.keys()) or {node.module}
        return found

    def graph(self, *, at_once: bool = False) -> dict[str, set[str]]:
        """What each module imports of the others."""
        own = self.files.keys()
        return {module: self.imports(module, at_once=at_once) & own - {module} for module in self.files}

    def folders(self) -> dict[str, list[str]]:
        """The modules side by side in each folder; the ``__init__`` of a package is no module of its own."""
        found: dict[str, list[str]] = defaultdict(list)
        for module, file in self.files.items():
            if file.stem != "__init__":
                found[file.parent.relative_to(self.root).as_posix()].append(module)
        return dict(found)

    def names(self) -> dict[str, list[str]]:
        """By name, the modules and packages that have it, of names that stand more than once."""
        found: dict[str, list[str]] = defaultdict(list)
        for module in self.files:
            found[module.rpartition(".")[2]].append(module)
        return {name: modules for name, modules in found.items() if len(modules) > 1}


def floors(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """For each module the number of the longest chain's steps below it, from 1 for one that imports nothing of ours."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen, waiting = {start}, [start]
        while waiting:
            new = graph[waiting.pop()] - seen
            seen |= new
            waiting.extend(new)
        reached[start] = seen
    circles = {module: frozenset(other for other in reached[module] if module in reached[other]) for module in graph}
    found: dict[str, int] = {}
    # Whatever reaches fewer modules comes first.
    for module in sorted(graph, key=lambda one: len(reached[one])):
        below = {used for inside in circles[module] for used in graph[inside]} - circles[module]
        found[module] = 1 + max((found[used] for used in below), default=0)
    return found


def main() -> None:
    """Print the layout."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.floors", description="how the code is laid out")
    parser.add_argument("--root", type=Path, default=_ROOT, help="of another checkout")
    code = Code(parser.parse_args().root)
    for folder, modules in sorted(code.folders().items()):
        print(f"{len(modules):4}  {folder}")
    heights = floors(code.graph())
    top = max((module for module in heights if module.startswith("rag.cli")), key=lambda module: heights[module])
    print(f"{heights[top]} floors from {top} down, by the number of modules on each:")
    print("  ", *(number for _, number in sorted(Counter(heights.values()).items())))
    at_once = floors(code.graph(at_once=True))
    print(f"{max(at_once.values())} floors of what is imported at once")
    for name, modules in sorted(code.names().items()):
        print(f"{name}: {', '.join(modules)}")


if __name__ == "__main__":
    main()
