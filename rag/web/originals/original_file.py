"""A document's original: the file as it was when it was indexed, or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath

from rag.errors import LoadError, NotFoundError
from rag.index.store import DocumentRecord
from rag.loading.files import SourceFile, read


def read_original(record: DocumentRecord) -> bytes:
    """The bytes that the document was read from, found in any of its files.

    Only what has the indexed SHA-256 is given, whatever lies at a path by now. Raises NotFoundError, without any path.
    """
    for file in record.files:
        try:
            data, _ = read(SourceFile(Path(file.path), file.source))
        except (LoadError, OSError):
            continue
        if hashlib.sha256(data).hexdigest() == record.sha256:
            return data
    name = original_name(record)
    raise NotFoundError(
        f"服务器上没有 {name} 的原件了：索引之后文件改过、移走了，或在另一台机器上。再索引一次即可。",
        f"The server no longer has the original of {name}: it was changed or moved since it was indexed, or lies on "
        "another machine. Index it again.",
    )


def original_name(record: DocumentRecord) -> str:
    """The file's name, without the folders that it lies in."""
    return PurePath(record.source.replace("\\", "/")).name
