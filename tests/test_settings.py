"""Settings come from defaults, the file and the environment, in that order, and a misspelt one is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import Settings, load_settings


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "wenyuan.toml"


def test_without_a_file_and_variables_the_defaults_hold(file: Path) -> None:
    assert not file.exists()
    assert load_settings(environment={}) == Settings()


def test_the_environment_is_stronger_than_the_file_and_the_file_than_the_defaults(file: Path) -> None:
    file.write_text('retrieval = "bm25"\nhits = 3\n', "utf-8")
    settings = load_settings(environment={"WENYUAN_HITS": "7", "WENYUAN_PASSAGE_CONTEXT": "false", "PATH": "x"})
    assert (settings.retrieval, settings.hits, settings.passage_context) == ("bm25", 7, False)
    assert settings == Settings(retrieval="bm25", hits=7, passage_context=False)


def test_a_named_file_takes_the_place_of_the_one_here(file: Path, tmp_path: Path) -> None:
    file.write_text("hits = 3\n", "utf-8")
    other = tmp_path / "other.toml"
    other.write_text("read = 4\n", "utf-8")
    assert load_settings(other, environment={}) == Settings(read=4)


def test_variables_that_are_no_settings_are_left_alone(file: Path) -> None:
    assert not file.exists()
    assert load_settings(environment={"WENYUAN_CACHE_DIR": "/x", "WENYUAN_LANG": "en"}) == Settings()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("hitz = 3", "hitz"),
        ('hits = "3"', r"\$\.hits"),
        ("hits = 0", r"\$\.hits"),
        ("hits = 1001", r"\$\.hits"),
        ("passage_max_chars = 19", r"\$\.passage_max_chars"),
        ("passage_min_chars = 2001", r"\$\.passage_min_chars"),
        ("min_confidence = 1.1", r"\$\.min_confidence"),
        ("bm25_weight = -0.1", r"\$\.bm25_weight"),
        ('retrieval = "both"', r"\$\.retrieval"),
        ("hits =", "wenyuan.toml"),
        ("[hits]\nx = 1", r"\$\.hits"),
    ],
)
def test_a_wrong_setting_in_the_file_is_an_error_that_names_it(file: Path, content: str, named: str) -> None:
    file.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=named) as caught:
        load_settings(environment={})
    assert "wenyuan.toml" in caught.value.zh
    assert "wenyuan.toml" in caught.value.en


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("WENYUAN_HITZ", "3", "hitz"),
        ("WENYUAN_HITS", "many", r"\$\.hits"),
        ("WENYUAN_HITS", "0", r"\$\.hits"),
        ("WENYUAN_LANGUAGE", "de", r"\$\.language"),
        ("WENYUAN_MIN_CONFIDENCE", "nan", "min_confidence"),
        ("WENYUAN_MAX_ERROR", "nan", "max_error"),
        ("WENYUAN_MAX_ERROR", "0", "max_error"),
        ("WENYUAN_MAX_ERROR", "1", "max_error"),
    ],
)
def test_a_wrong_variable_is_an_error_that_names_it(file: Path, name: str, value: str, named: str) -> None:
    assert not file.exists()
    with pytest.raises(SettingsError, match=named):
        load_settings(environment={name: value})


def test_an_error_lists_the_settings_that_there_are(file: Path) -> None:
    file.write_text("hitz = 3", "utf-8")
    with pytest.raises(SettingsError, match="min_confidence、max_error、language、keep_generations"):
        load_settings(environment={})


def test_a_missing_or_unreadable_named_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="找不到设置文件"):
        load_settings(tmp_path / "none.toml", environment={})
    (tmp_path / "gbk.toml").write_bytes("# 注释\nhits = 3".encode("gb18030"))
    with pytest.raises(SettingsError, match=r"无法读取设置文件 .*gbk\.toml"):
        load_settings(tmp_path / "gbk.toml", environment={})


def test_a_device_that_the_engine_does_not_compute_on_is_an_error(file: Path) -> None:
    assert not file.exists()
    with pytest.raises(SettingsError, match="device = cuda"):
        load_settings(environment={"WENYUAN_DEVICE": "cuda"})
    settings = load_settings(environment={"WENYUAN_DEVICE": "cuda", "WENYUAN_ENGINE": "torch"})
    assert (settings.device, settings.engine) == ("cuda", "torch")
