"""Which files are read: every readable one once, none that is hidden or ignored, and no endless walk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rag.errors import CorpusError, LoadError
from rag.loading import SourceFile, discover, load


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name} 的文字。", "utf-8")


def found(folder: Path, *paths: Path) -> list[str]:
    return [str(file.path.relative_to(folder)) for file in discover(paths or [folder]).files]


def test_a_walk_is_sorted_by_name_within_each_folder(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a.md", "乙/二.txt", "乙/一.TXT", "sub/z.markdown", "sub/y.text")
    assert found(tmp_path) == ["a.md", "b.txt", "sub/y.text", "sub/z.markdown", "乙/一.TXT", "乙/二.txt"]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md", ".b.md", ".git/c.md", "d/.e.md")
    assert found(tmp_path) == ["a.md"]


def test_the_ignore_file_has_the_syntax_of_gitignore(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "draft-1.md", "draft-keep.md", "old/b.md", "sub/old/c.md", "sub/README.md", "README.md")
    (tmp_path / ".wenyuanignore").write_text("# 注释\ndraft-*\n!draft-keep.md\nold/\n/README.md\n", "utf-8")
    assert found(tmp_path) == ["a.md", "draft-keep.md", "sub/README.md"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_an_ignore_file_made_on_windows_works(tmp_path: Path, encoding: str) -> None:
    write(tmp_path, "a.md", "草稿.md")
    (tmp_path / ".wenyuanignore").write_bytes("草稿.md\r\n".encode(encoding))
    assert found(tmp_path) == ["a.md"]


def test_a_malformed_ignore_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / ".wenyuanignore").write_text("!", "utf-8")
    with pytest.raises(CorpusError, match="wenyuanignore 有误"):
        discover([tmp_path])


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_links_that_go_round_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path, "a/b.md")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "self.md").symlink_to(tmp_path / "self.md")
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    assert found(tmp_path) == ["gone.md", "self.md", "a/b.md"]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")
def test_a_file_that_is_reached_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    (tmp_path / "link.md").symlink_to(tmp_path / "a.md")
    assert found(tmp_path, tmp_path, tmp_path / "a.md", tmp_path / "." / "a.md") == ["a.md"]


def test_files_of_other_formats_are_reported_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "b.7z", "c")
    discovery = discover([tmp_path])
    assert [file.source for file in discovery.files] == [str(tmp_path / "a.md")]
    assert discovery.unsupported == (tmp_path / "b.7z", tmp_path / "c")


def test_a_named_file_of_another_format_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "b.7z")
    with pytest.raises(CorpusError, match=r"不支持这种文件：.*b\.7z。目前可读：\.txt、"):
        discover([tmp_path / "b.7z"])


def test_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="找不到路径"):
        discover([tmp_path / "nowhere"])


def test_the_index_inside_the_corpus_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "index/README.md")
    assert [f.path.name for f in discover([tmp_path], exclude=tmp_path / "index").files] == ["a.md"]


def test_a_folder_that_cannot_be_read_is_an_error_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.md", "closed/b.md")
    scan = os.scandir

    def denied(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr("os.scandir", denied)
    with pytest.raises(CorpusError, match=r"无法读取文件夹 .*closed：Permission denied"):
        discover([tmp_path])


@pytest.mark.parametrize("data", [b"", b" \n\t\n", "\ufeff\u3000".encode()])
def test_a_file_without_text_is_an_error_that_names_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "空.txt").write_bytes(data)
    with pytest.raises(LoadError, match=r"空\.txt 里没有文字"):
        load(SourceFile(tmp_path / "空.txt", "空.txt"))


def test_a_file_that_has_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="无法读取"):
        load(SourceFile(tmp_path / "gone.txt", "gone.txt"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always text")
def test_a_file_name_in_another_encoding_is_an_error_that_can_be_printed(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode("文".encode("gb18030") + b".txt")
    path.write_text("文字。", "utf-8")
    with pytest.raises(LoadError, match="文件名不是 UTF-8") as caught:
        load(SourceFile(path, str(path)))
    assert caught.value.zh.encode("utf-8")
