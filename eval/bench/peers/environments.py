"""One environment a peer, made from its pinned requirements."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

from rag.errors import EvaluationError
from rag.messages import text

REQUIREMENTS = Path(__file__).parent / "requirements"
PEERS = tuple(sorted(file.stem for file in REQUIREMENTS.glob("*.txt")))
OURS = "wenyuan"
_STAMP = ".requirements"


def python_of(peer: str, folder: Path) -> Path:
    """The interpreter of ``peer``'s environment, which is made in ``folder`` if it is missing or out of date.

    Wenyuan's own is the one that is running. ``PIP_FLAGS`` go to pip. Raises EvaluationError if it can't be made.
    """
    if peer == OURS:
        return Path(sys.executable)
    environment = folder.absolute() / peer
    python = environment / "bin" / "python"
    requirements = REQUIREMENTS / f"{peer}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = environment / _STAMP
    if python.is_file() and stamp.is_file() and stamp.read_text() == digest:
        return python
    print(text(f"安装 {peer} 的环境：{environment}", f"Installing {peer} into {environment}"), file=sys.stderr)
    _run(peer, [sys.executable, "-m", "venv", "--clear", str(environment)])
    flags = shlex.split(os.environ.get("PIP_FLAGS", ""))
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    _run(peer, [*pip, *flags, "--no-deps", "-r", str(requirements)])
    stamp.write_text(digest)
    return python


def _run(peer: str, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise EvaluationError(f"无法安装 {peer} 的环境：{reason}", f"Can't install the environment of {peer}: {reason}")
