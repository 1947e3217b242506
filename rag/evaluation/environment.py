"""What a result was measured with: code, packages and machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

import rag

_ROOT = Path(__file__).parents[2]
_CODE = ("rag", "eval")
_SUFFIXES = (".py", ".txt")
_PACKAGES = ("torch", "sentence-transformers", "faiss-cpu", "tantivy", "jieba", "opencc", "numpy", "ir-measures")


class Machine(msgspec.Struct, frozen=True):
    """Where it ran. ``memory_gb`` is 0 where the system does not say."""

    cpu: str
    cores: int
    memory_gb: int
    system: str
    python: str


class Code(msgspec.Struct, frozen=True):
    """``commit`` is empty outside a git checkout; ``changed``: files differ from it; ``digest`` is of the files."""

    version: str
    commit: str
    changed: bool
    digest: str


def machine() -> Machine:
    """This machine."""
    return Machine(
        _cpu(), _cores(), _memory_gb(), f"{platform.system()} {platform.machine()}", platform.python_version()
    )


def packages() -> dict[str, str]:
    """The versions of what decides results."""
    return {name: version(name) for name in _PACKAGES}


@cache
def code() -> Code:
    """The code that is running."""
    digest = hashlib.sha256()
    for file in sorted(f for folder in _CODE for f in (_ROOT / folder).rglob("*") if f.suffix in _SUFFIXES):
        digest.update(str(file.relative_to(_ROOT)).encode() + b"\0" + file.read_bytes())
    commit = _git("rev-parse", "HEAD")
    changed = bool(commit and _git("status", "--porcelain", "--", *_CODE))
    return Code(rag.__version__, commit, changed, digest.hexdigest()[:12])


def _git(*arguments: str) -> str:
    """What git prints; nothing where there is no git or no checkout."""
    if not (_ROOT / ".git").exists():
        return ""
    try:
        done = subprocess.run(["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory_gb() -> int:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3)
    except (AttributeError, ValueError, OSError):
        return 0
