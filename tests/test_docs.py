"""What docs/ and the READMEs say follows from the code, leads somewhere, and is the same in both languages."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from eval.bench import reference
from eval.bench.reference import DOCS, PAGES, SHARED, TONGUES, commands, fields, models, place, renewed, words
from rag import __version__
from rag.errors import EvaluationError, Language

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = sorted(file.name for file in (DOCS / "en").glob("*.md"))
READMES: dict[Language, Path] = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}
# Pages of Markdown that are not those of others' documents.
FOLDERS = ("", "docs", "docs/en", "docs/zh", "eval", "eval/data", "eval/results", "index", "rag/milvus/deploy")
FILES = sorted(
    [file for folder in (*FOLDERS, "rag/reading/shipped", "rag/training") for file in (ROOT / folder).glob("*.md")]
)
MOST_BYTES = 10 * 1024


@pytest.fixture(scope="module")
def described() -> dict[Language, list[reference.Command]]:
    return {tongue: commands(tongue) for tongue in TONGUES}


@pytest.mark.parametrize("tongue", TONGUES)
@pytest.mark.parametrize("name", PAGES)
def test_the_tables_follow_from_the_code(name: str, tongue: Language) -> None:
    page = place(name, tongue).read_text("utf-8")
    assert renewed(page, tongue) == page, "Run: python -m eval.bench.reference"


def test_a_stale_table_would_be_seen() -> None:
    page = place("settings", "en").read_text("utf-8")
    stale = page.replace("| `read` | `10` |", "| `read` | `4` |")
    assert stale != page
    assert renewed(stale, "en") == page


def test_a_table_that_nothing_makes_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="nothing"):
        renewed("<!-- nothing -->\n<!-- /nothing -->", "en")


def test_every_table_stands_on_one_page() -> None:
    pages = [place(name, "en").read_text("utf-8") for name in PAGES]
    shown = Counter(found for page in pages for found in re.findall(r"<!-- ([\w ]+) -->", page))
    # Only what `Ask` and `BatchQuestion` have in common.
    assert shown == Counter(set(reference.tables()) - {"fields Question"})


def test_every_command_and_option_says_what_it_does_in_both_languages(
    described: dict[Language, list[reference.Command]],
) -> None:
    english, chinese = described["en"], described["zh"]
    assert [one.name for one in english] == [one.name for one in chinese]
    assert len(english) >= 20
    for one, other in zip(english, chinese, strict=True):
        said = [(one.name, one.help, other.help)]
        said += [(f"{one.name} {a.name}", a.help, b.help) for a, b in zip(one.options, other.options, strict=True)]
        for name, en, zh in said:
            assert en, name
            assert not CHINESE.search(en), name
            assert CHINESE.search(zh), name


def test_options_of_several_commands_are_said_once() -> None:
    assert set(words()["options"]) == set(SHARED)


def test_every_setting_is_said_in_both_languages_and_none_that_is_gone() -> None:
    english, chinese = reference.settings("en"), reference.settings("zh")
    assert [one.name for one in english if not one.help] == []
    assert [one.name for one in chinese if not CHINESE.search(one.help)] == []
    assert set(words()["settings"]) == {one.name for one in english}


def test_every_field_is_said_in_both_languages() -> None:
    rows = {name: fields(name) for name in models()}
    assert [row[0] for row in rows["Answer"]] == list(models()["Answer"].model_fields)
    unsaid = {name: set(models()[name].model_fields) - {row[0] for row in said} for name, said in rows.items()}
    assert {name: keys for name, keys in unsaid.items() if keys} == {}
    missing = [f"{name}.{key}" for name, said in rows.items() for key, *row in said if not all(row)]
    assert missing == []


def test_every_address_is_said_in_both_languages_and_none_that_is_gone() -> None:
    from rag.web.api import ROUTERS

    rows = reference.routes()
    assert [path for _, path, en, zh in rows if not (en and zh)] == []
    assert set(words()["routes"]) == {getattr(route, "name", "") for router in ROUTERS for route in router.routes}


def test_every_format_is_said_in_both_languages_and_each_suffix_once() -> None:
    from rag.loading import PARSERS
    from rag.loading.formats import FORMATS

    assert Counter(suffix for one in FORMATS for suffix in one.read_by) == Counter(PARSERS.keys())
    assert [one.name for one in FORMATS if not (all(one.name) and all(one.note))] == []
    assert [one.name for one in FORMATS if CHINESE.search(one.name[1]) or not CHINESE.search(one.note[0])] == []


@pytest.mark.parametrize("tongue", TONGUES)
def test_every_tool_for_language_models_is_named_with_its_arguments(tongue: Language) -> None:
    from rag.web.tools import MOST_HITS, tools

    unused: Any = None
    page = place("mcp", tongue).read_text("utf-8")
    offered = tools(unused, unused)
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [tool.__name__ for tool in offered]
    for tool in offered:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{tool.__name__}`"))
        assert [name for name in inspect.signature(tool).parameters if f"`{name}`" not in row] == []
    assert f"`k`{'，1 到' if tongue == 'zh' else ', 1 to'} {MOST_HITS}" in page


@pytest.mark.parametrize("tongue", TONGUES)
def test_the_methods_in_python_are_a_library_s_and_take_what_is_said(tongue: Language) -> None:
    from rag.library import Library

    said = re.findall(r"`(?:Library)?\.(\w+)\(((?:[^()]|\(\))*)\)`", place("python", tongue).read_text("utf-8"))
    assert len(said) == 16
    for name, arguments in said:
        taken = inspect.signature(getattr(Library, name)).parameters
        assert [one for one in re.findall(r"(?:^|, )(\w+)", arguments) if one not in taken] == [], name


@pytest.mark.parametrize("tongue", TONGUES)
def test_the_limits_of_the_api_are_those_of_the_code(tongue: Language) -> None:
    from rag.indexing.uploads import MAX_BYTES
    from rag.web.guard.access import MAX_BODY, MIN_TOKEN
    from rag.web.guard.admission import Admission

    limits = inspect.signature(Admission).parameters
    assert (limits["at_once"].default, limits["waiting"].default) == (4, 32)
    page = place("http", tongue).read_text("utf-8")
    assert f"{MAX_BYTES // 2**20} MiB" in page
    assert f"{MAX_BODY // 2**20} MiB" in page
    assert "32" in page
    assert str(MIN_TOKEN) in place("security", tongue).read_text("utf-8")


@pytest.mark.parametrize("tongue", TONGUES)
def test_the_readme_is_short_and_leads_to_every_page(tongue: Language) -> None:
    readme = READMES[tongue].read_bytes()
    assert len(readme) <= MOST_BYTES
    linked = set(re.findall(rf"\(docs/{tongue}/([\w]+\.md)", readme.decode()))
    assert linked == set(NAMES)


def test_both_languages_have_the_same_pages_with_the_same_parts() -> None:
    def parts(text: str) -> list[str]:
        outside = re.sub(r"<!-- ([\w ]+) -->.*?<!-- /\1 -->", r"", text, flags=re.DOTALL)
        return [*re.findall(r"^(#+) ", outside, re.MULTILINE), *re.findall(r"^(```\w*|!\[)", outside, re.MULTILINE)]

    assert sorted(file.name for file in (DOCS / "zh").glob("*.md")) == NAMES
    pairs = [(DOCS / "en" / name, DOCS / "zh" / name) for name in NAMES] + [(READMES["en"], READMES["zh"])]
    shapes = {one.name: (parts(one.read_text("utf-8")), parts(other.read_text("utf-8"))) for one, other in pairs}
    assert [name for name, (one, other) in shapes.items() if one != other] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(file: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", file.read_text("utf-8"), flags=re.DOTALL)
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        there = (file.parent / target) if target else file
        if not there.exists() or (anchor and anchor not in _anchors(there.read_text("utf-8"))):
            lost.append(link)
    assert lost == []


def _anchors(page: str) -> set[str]:
    outside = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    return {reference.anchor(heading) for heading in re.findall(r"^#+ (.+)$", outside, re.MULTILINE)}


def test_the_version_is_that_of_the_changelog_and_the_command_says_it() -> None:
    newest = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == __version__
    program = "from rag.cli.main import main; main()"
    said = subprocess.run([sys.executable, "-c", program, "--version"], cwd=ROOT, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, f"wenyuan {__version__}\n")


def test_the_image_runs_without_rights_with_the_model_and_says_whether_it_is_up() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    orders = [line.split(maxsplit=1) for line in lines if line and line[0].isalpha()]
    last = max(number for number, (order, _) in enumerate(orders) if order == "FROM")
    stage = [(order, value) for order, value in orders[last:]]
    assert stage[0] == ("FROM", "python:3.11-slim")
    assert [value for order, value in stage if order == "USER"] == ["wenyuan"]
    rest = stage[stage.index(("USER", "wenyuan")) :]
    assert [value for order, value in rest if order == "RUN"] == [
        'python -c "from rag.embedding.bundled import unpack; unpack()"'
    ]
    assert any(order == "HEALTHCHECK" and "/health" in value for order, value in rest)
    assert not any("TOKEN" in value for order, value in stage if order in ("ENV", "ARG"))


def test_the_image_is_given_all_that_the_wheel_is_made_of_and_nothing_else() -> None:
    given = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]
    assert [name for name in given if not (ROOT / name).exists()] == []
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    pinned = {"pyproject.toml", "constraints.txt", "requirements.lock"}
    assert pinned | {"README.md", "LICENSE", "NOTICE", "rag", "eval/data"} == set(given)
    assert 'readme = "README.md"' in project
    assert '"eval/data" = "rag/evaluation/data"' in project


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    made = _site(tmp_path / "site")
    assert made.returncode == 0, made.stderr
    assert "WARNING" not in made.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= 2 * len(NAMES) + 1
    loaded = r"<(?:script|img|iframe)[^>]*\ssrc=\"https?:|<link[^>]*\shref=\"https?:"
    assert [page.name for page in pages if re.search(loaded, page.read_text("utf-8"))] == []


@pytest.mark.slow
def test_a_link_that_leads_nowhere_breaks_the_site(tmp_path: Path) -> None:
    import yaml

    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n\n[lost](index.md#nowhere)\n", "utf-8")
    validation = re.search(r"^validation:\n(?: .*\n)+", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert validation is not None
    assert yaml.safe_load(validation[0])["validation"]["links"]["anchors"] == "warn"
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\n{validation[0]}", "utf-8")
    made = _site(tmp_path / "site", tmp_path / "mkdocs.yml")
    assert made.returncode == 1
    assert "nowhere" in made.stderr


def _site(folder: Path, config: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
