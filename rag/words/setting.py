"""Where the user's dictionary is: what the settings say, or a new one beside them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from rag.disk import replace_file
from rag.errors import SettingsError, StorageError
from rag.settings import SETTINGS_FILE, Settings

NEW_DICTIONARY = "words.txt"
_SETTING = "user_dictionary"


def with_dictionary(settings: Settings, config: Path | None) -> tuple[Settings, str]:
    """The settings with a dictionary, and the line to `keep` of them: "" where they name one already.

    Raises SettingsError where a new one would take the place of a file or of a setting.
    """
    if settings.dictionary_path is not None:
        return settings, ""
    file = config or Path(SETTINGS_FILE)
    # Relative paths are those of the folder that a command runs in, which a settings file elsewhere does not know.
    new = file.resolve().with_name(NEW_DICTIONARY) if config else file.with_name(NEW_DICTIONARY)
    line = f"{_SETTING} = {json.dumps(str(new), ensure_ascii=False)}\n"
    if new.exists() or (file.is_file() and _SETTING in msgspec.toml.decode(file.read_bytes())):
        raise SettingsError(
            f"没有设置用户词典，而 {new} 或 {file} 里的 {_SETTING} 已经存在。请在 {file} 里写：{line.strip()}",
            f"No user dictionary is set, but {new} or a {_SETTING} in {file} is there. Put into {file}: {line.strip()}",
        )
    return msgspec.structs.replace(settings, user_dictionary=str(new)), line


def keep(line: str, config: Path | None) -> Path:
    """Put ``line`` at the end of the settings file, and return the file. Raises StorageError."""
    file = config or Path(SETTINGS_FILE)
    try:
        before = file.read_bytes() if file.is_file() else b""
        replace_file(file, before + (b"" if before.endswith(b"\n") or not before else b"\n") + line.encode())
    except OSError as error:
        raise StorageError(
            f"词典和索引已更新，但无法写入 {file}：{error.strerror}。请自己在里面写一行：{line.strip()}",
            f"Dictionary and index are changed, but {file} can't be written: {error.strerror}. Put this line into it: "
            f"{line.strip()}",
        ) from error
    return file
