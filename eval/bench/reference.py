"""The tables of docs/ that follow from the code: commands, settings, JSON fields, addresses, formats.

    python -m eval.bench.reference

renews what stands between ``<!-- NAME -->`` and ``<!-- /NAME -->`` in the pages of docs/. The words are those of the
code; those that it lacks, such as the Chinese ones of settings and addresses, stand in ``docs/reference.toml``.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from rag.errors import EvaluationError, Language, WenyuanError
from rag.evaluation.measures.measure import Group
from rag.messages import language, speaking, text

_ROOT: Final = Path(__file__).parents[2]
DOCS: Final = _ROOT / "docs"
WORDS: Final = DOCS / "reference.toml"
TONGUES: Final[tuple[Language, ...]] = ("en", "zh")
PAGES: Final = ("commands", "settings", "json", "http", "documents", "evaluation")

# Options that several commands take, in this order; what they mean is said once.
SHARED: Final = ("--index", "--config", "--json", "--at", "--store", "--uri", "--no-server", "--collection")
# What other programs give and are given; of two objects of one name the latter has all that the former has.
_OBJECTS: Final = (
    "rag.types.documents",
    "rag.types.answers",
    "rag.contract.documents",
    "rag.contract.reports",
    "rag.loading.facsimile.framing",
    "rag.web.schema.responses",
    "rag.web.schema.requests",
)
_TYPES: Final = {
    "string": "字符串", "integer": "整数", "number": "数", "boolean": "布尔值", "object": "对象", "null": "null",
    "list": "列表",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option:
    """An argument or option of a command, as its help shows it."""

    name: str
    takes: str
    help: str
    default: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command; ``options`` are its own, ``shared`` the names of those in SHARED."""

    name: str
    usage: str
    help: str
    options: tuple[Option, ...]
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting; ``bounds`` is what its value may be."""

    name: str
    default: str
    bounds: str
    help: str


# ---- commands


def commands(tongue: Language) -> list[Command]:
    """All commands. Their help is worded when they are imported, so that each language takes a process."""
    program = "from eval.bench.reference import _described; _described()"
    environment = {**os.environ, "WENYUAN_LANG": tongue, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=_ROOT, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise EvaluationError(f"读不出命令：{done.stderr}", f"Can't read the commands: {done.stderr}")
    return [
        Command(**{**one, "options": tuple(Option(**o) for o in one["options"]), "shared": tuple(one["shared"])})
        for one in json.loads(done.stdout)
    ]


def _described() -> None:
    """Print the commands as JSON."""
    from dataclasses import asdict

    from typer.main import get_command

    from rag.cli.main import app

    print(json.dumps([asdict(one) for one in _walked("wenyuan", get_command(app))]))


def _walked(name: str, command: Any) -> Iterator[Command]:
    inner = getattr(command, "commands", {})
    if not inner or getattr(command, "invoke_without_command", False):
        own = [p for p in command.params if not set(p.opts) & {"--help", "--version"}]
        shared = {opt for p in own for opt in p.opts if opt in SHARED}
        arguments = [_taken(p) for p in own if p.param_type_name == "argument"]
        yield Command(
            name,
            " ".join([name, *(a if p.required else f"[{a}]" for a, p in _arguments(own, arguments))]),
            command.help or "",
            tuple(_option(p) for p in own if not set(p.opts) & shared),
            tuple(opt for opt in SHARED if opt in shared),
        )
    for inner_name, one in inner.items():
        yield from _walked(f"{name} {inner_name}", one)


def _arguments(own: Sequence[Any], names: Sequence[str]) -> Iterable[tuple[str, Any]]:
    return zip(names, [p for p in own if p.param_type_name == "argument"], strict=True)


def _taken(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _option(parameter: Any) -> Option:
    default = parameter.default
    shown = "" if default in (None, False, "", ()) or callable(default) else str(default)
    if parameter.param_type_name == "argument":
        return Option(_taken(parameter), "", parameter.help or "", "")
    if parameter.is_flag:
        both = [*parameter.opts, *parameter.secondary_opts]
        return Option(" / ".join(both), "", parameter.help or "", both[0] if default is True else "")
    kind = str(parameter.type.name)
    known = "N" if kind.startswith("int") else "X" if kind.startswith("float") else "TEXT"
    takes = parameter.metavar or known
    return Option(parameter.opts[0], takes, parameter.help or "", shown)


def _commands_overview(tongue: Language) -> str:
    found = commands(tongue)
    rows = [(f"[`{one.usage}`](#{anchor(one.name)})", one.help) for one in found]
    return grid((text("命令", "command"), text("作用", "what it does")), rows)


def _commands_all(tongue: Language) -> str:
    return "\n\n".join(_command(one) for one in commands(tongue))


def _command(one: Command) -> str:
    lines = [f"### {one.name}", one.help]
    if one.options:
        columns = (text("选项", "option"), text("含义", "meaning"), text("默认", "default"))
        lines.append(
            grid(columns, [(f"`{f'{o.name} {o.takes}'.strip()}`", o.help, _code(o.default)) for o in one.options])
        )
    if one.shared:
        names = text("、", ", ").join(f"`{name}`" for name in one.shared)
        lines.append(text(f"还有：{names}。", f"Also: {names}."))
    return "\n\n".join(lines)


def _commands_shared(_tongue: Language) -> str:
    said = words()["options"]
    rows = [(f"`{name}`", _said(said[name])) for name in SHARED]
    return grid((text("选项", "option"), text("含义", "meaning")), rows)


# ---- settings


def settings(tongue: Language) -> list[Setting]:
    """All settings, in order."""
    import msgspec

    from rag.reading.readers import READERS
    from rag.settings import Settings

    english, chinese = _docstrings(Settings), words()["settings"]
    named = {"reader": " ".join(map(_code, READERS))}
    shape: Any = msgspec.inspect.type_info(Settings)
    found = []
    for field, kind in zip(msgspec.structs.fields(Settings), shape.fields, strict=True):
        said = english.get(field.name, "") if tongue == "en" else chinese.get(field.name, "")
        found.append(Setting(field.name, _default(field.default), named.get(field.name) or _bounds(kind.type), said))
    return found


def _docstrings(kind: type) -> dict[str, str]:
    """The lines of a class that stand under its attributes."""
    body = ast.parse(inspect.getsource(kind)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for one, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr):
            found[one.target.id] = " ".join(str(ast.literal_eval(after.value)).replace("``", "`").split())
    return found


def _default(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value in (None, "") else str(value)


def _bounds(kind: Any) -> str:
    kind = next((one for one in getattr(kind, "types", ()) if type(one).__name__ != "NoneType"), kind)
    if hasattr(kind, "values"):
        return " ".join(f"`{value}`" for value in sorted(kind.values))
    low = kind.ge if getattr(kind, "ge", None) is not None else getattr(kind, "gt", None)
    high = kind.le if getattr(kind, "le", None) is not None else getattr(kind, "lt", None)
    return f"{low:g}–{high:g}" if low is not None and high is not None else ""


def _settings(tongue: Language) -> str:
    columns = (text("名称", "name"), text("默认", "default"), text("取值", "values"), text("含义", "meaning"))
    return grid(columns, [(f"`{s.name}`", _code(s.default), s.bounds, s.help) for s in settings(tongue)])


# ---- fields


@cache
def models() -> dict[str, Any]:
    """The objects that other programs give and are given, as pydantic models, by name."""
    from rag.web.schema.described import described
    from rag.wire import fields, name

    found: dict[str, Any] = {}
    for module in map(import_module, _OBJECTS):
        for kind in [one for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__]:
            if getattr(kind, "model_fields", None):
                found[kind.__name__] = kind
            elif isinstance(kind, type) and fields(kind):
                found[name(kind)] = described(kind)
    return found


def fields(name: str) -> list[tuple[str, str, str, str]]:
    """The fields of the object ``name``: each with its type, and what it means in English and Chinese."""
    from rag.wire import Meaning

    model = models()[name]
    kinds = {key: _kind(shape) for key, shape in model.model_json_schema()["properties"].items()}
    means = {
        key: [note for note in one.metadata if isinstance(note, Meaning)] for key, one in model.model_fields.items()
    }
    return [(key, kinds[key], one.en, one.zh) for key, said in means.items() for one in said]


def _kind(shape: Mapping[str, Any]) -> str:
    """A JSON schema's type, as words of `_TYPES`, of models in brackets, and of values in backticks."""
    if "$ref" in shape:
        return f"[{shape['$ref'].rpartition('/')[2]}]"
    if "anyOf" in shape:
        return " or ".join(_kind(one) for one in shape["anyOf"])
    if "enum" in shape or "const" in shape:
        return " or ".join(f"`{value}`" for value in shape.get("enum", [shape.get("const")]))
    if shape.get("type") == "array":
        return f"list of {_kind(shape['items'])}"
    return str(shape.get("type", "object"))


def _kind_shown(kind: str) -> str:
    linked = re.sub(r"\[(\w+)\]", lambda found: f"[{found[1]}]({_model_place(found[1])})", kind)
    if language() == "en":
        return linked
    worded = re.sub(r"`[^`]*`|\[[^)]*\)|\w+", lambda found: _TYPES.get(found[0], found[0]), linked)
    return worded.replace(" or ", " 或 ").replace("列表 of ", "列表：")


def _model_place(name: str) -> str:
    page = next(
        (page for page in PAGES if f"<!-- fields {name} -->" in (DOCS / "en" / f"{page}.md").read_text("utf-8")), "json"
    )
    return f"{page}.md#{anchor(name)}"


def _fields(name: str) -> Callable[[Language], str]:
    def made(tongue: Language) -> str:
        rows = [(f"`{key}`", _kind_shown(kind), en if tongue == "en" else zh) for key, kind, en, zh in fields(name)]
        return grid((text("字段", "field"), text("类型", "type"), text("含义", "meaning")), rows)

    return made


# ---- addresses


def routes() -> list[tuple[str, str, str, str]]:
    """The API's routes: method, path, what it does in English and Chinese."""
    from rag.web.api import PREFIX, ROUTERS

    said = words()["routes"]
    found: list[Any] = [route for router in ROUTERS for route in router.routes]
    return [
        (
            method,
            f"{PREFIX}{route.path}",
            " ".join((route.endpoint.__doc__ or "").split()),
            said.get(route.name, ""),
        )
        for route in found
        for method in sorted(route.methods)
    ]


def _routes(tongue: Language) -> str:
    rows = [(f"`{method} {path}`", en if tongue == "en" else zh) for method, path, en, zh in routes()]
    return grid((text("地址", "address"), text("作用", "what it does")), rows)


# ---- formats


def _formats(_tongue: Language) -> str:
    from rag.loading.formats import FORMATS

    columns = (text("格式", "format"), text("后缀", "suffixes"), text("说明", "what to know"))
    return grid(columns, [(text(*f.name), " ".join(map(_code, f.read_by)), text(*f.note)) for f in FORMATS])


# ---- measures


def _measures(group: Group) -> Callable[[Language], str]:
    def made(_tongue: Language) -> str:
        from rag.evaluation.measures import MEASURES

        rows = [
            (text(*one.shown) or text("、", ", ").join(one.names), text(*one.means))
            for one in MEASURES
            if one.group is group
        ]
        return grid((text("名称", "name"), text("定义", "definition")), rows)

    return made


# ---- pages


@cache
def words() -> dict[str, Any]:
    """What ``docs/reference.toml`` says."""
    return tomllib.loads(WORDS.read_text("utf-8"))


def tables() -> dict[str, Callable[[Language], str]]:
    """What makes each table, by the name between its markers."""
    made = {f"fields {name}": _fields(name) for name in models()}
    return {
        "commands": _commands_overview,
        "every command": _commands_all,
        "shared options": _commands_shared,
        "settings": _settings,
        "routes": _routes,
        "formats": _formats,
        **{f"measures of {group.name.lower()}": _measures(group) for group in Group},
        **made,
    }


def renewed(page: str, tongue: Language) -> str:
    """The text of a page with its tables made anew. Raises EvaluationError for unknown markers."""
    made = tables()
    with speaking(tongue):

        def table(found: re.Match[str]) -> str:
            if found[1] not in made:
                raise EvaluationError(f"没有表格 {found[1]}。", f"There is no table {found[1]}.")
            return f"<!-- {found[1]} -->\n{made[found[1]](tongue).strip()}\n<!-- /{found[1]} -->"

        return re.sub(r"<!-- ([\w ]+) -->\n.*?<!-- /\1 -->", table, page, flags=re.DOTALL)


def place(name: str, tongue: Language) -> Path:
    """The file of a page."""
    return DOCS / tongue / f"{name}.md"


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _said(entry: Sequence[str]) -> str:
    return text(entry[1], entry[0])


def _code(value: str) -> str:
    return f"`{value}`" if value else ""


def anchor(heading: str) -> str:
    """What a heading is linked by."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def main() -> None:
    """Renew the tables."""
    try:
        for tongue in TONGUES:
            for name in PAGES:
                file = place(name, tongue)
                file.write_text(renewed(file.read_text("utf-8"), tongue), "utf-8")
    except WenyuanError as error:
        sys.exit(error.message(language()))


if __name__ == "__main__":
    main()
