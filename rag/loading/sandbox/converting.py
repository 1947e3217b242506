"""Old office formats, made by LibreOffice into those that we read: in a process of its own for each file, shut in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rag.errors import LoadError
from rag.loading.formats import OLD, how_to_read_old, libreoffice
from rag.loading.sandbox.confinement import shut_in

MEMORY_BYTES = 4 * 2**30
MOST_BYTES = 500 * 2**20
# What files with the suffix of an old format often are: a table as a page, a document under its former name.
_OLE, _XML = bytes.fromhex("d0cf11e0a1b11ae1"), b"<?xml"
_OTHERS = {b"{\\rtf": ".rtf", b"<": ".html", b"MIME-Version:": ".mht"}
# What was made from a stranger's file may be a link to one of ours, or a pipe that nobody writes to.
_AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
# With a new profile it ends so, to be started again.
_AGAIN = 81
# The modules that the parent has, and not those that lie in the folder where it was started.
_START = "import sys; sys.path[:] = sys.argv[5:]; from rag.loading.sandbox.converting import main; main(*sys.argv[1:5])"
_SETTING = (
    '<item oor:path="/org.openoffice.Office.{}"><prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>'
)
# No macro is run and no link followed, whatever a document asks for.
_SETTINGS = (
    ("Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Writer/Content/Update", "Link", "0"),
    ("Calc/Content/Update", "Link", "2"),
)


def modern(data: bytes, name: Path, seconds: float, environment: Mapping[str, str]) -> tuple[bytes, str]:
    """The bytes of a file in a format that we read, and the suffix of that format. Raises LoadError.

    LibreOffice, which may take so many ``seconds``, sees no file but this one, and no network.
    """
    suffix = OLD[name.suffix.lower()]
    begin = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(b"PK"):
        return data, suffix
    if not begin.startswith((_OLE, _XML)):
        found = next((other for mark, other in _OTHERS.items() if begin.startswith(mark)), None)
        if found is None:
            raise _failed(name)
        return data, found
    program = libreoffice()
    if program is None:
        zh, en = how_to_read_old()
        raise LoadError(f"{name} 没有读：{zh}", f"{name} was not read. {en}")
    with tempfile.TemporaryDirectory(prefix="wenyuan-", ignore_cleanup_errors=True) as made:
        folder = Path(os.path.realpath(made))
        (folder / f"a{name.suffix.lower()}").write_bytes(data)
        _run(program, folder, name, seconds, environment)
        return _made(folder / f"a{suffix}", name), suffix


def main(program: str, folder: str, suffix: str, seconds: str) -> None:
    """Turn ``folder``/a.doc into ``folder``/a.docx, and the like, in this process, which is shut in for it."""
    home = Path(folder)
    settings = home / "profile" / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True)
    items = "".join(_SETTING.format(*setting) for setting in _SETTINGS)
    settings.write_text(f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>', "utf-8")
    _limit(int(float(seconds)) + 1)
    shut_in(home)
    # The program itself, where there is one beside the script that starts it.
    real = Path(os.path.realpath(program))
    itself = real.with_name("soffice.bin")
    command = [
        str(itself if itself.is_file() else real),
        f"-env:UserInstallation={(home / 'profile').as_uri()}",
        *("--headless", "--norestore", "--nologo", "--nodefault", "--nofirststartwizard"),
        *("--convert-to", OLD[suffix].removeprefix("."), "--outdir", folder, str(home / f"a{suffix}")),
    ]
    for _ in range(2):
        if subprocess.run(command, check=False).returncode != _AGAIN:
            break


def _run(program: str, folder: Path, name: Path, seconds: float, environment: Mapping[str, str]) -> None:
    own = {place: str(folder) for place in ("HOME", "TMPDIR", "TMP", "TEMP", "XDG_RUNTIME_DIR")}
    command = [sys.executable, "-P", "-c", _START, program, str(folder), name.suffix.lower(), str(seconds), *sys.path]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, **own},
        cwd=folder,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise LoadError(
            f"LibreOffice 在 {seconds:.3g} 秒内没有读完 {name}，已跳过。请另存为新格式后再索引。",
            f"LibreOffice could not read {name} within {seconds:.3g} s; it was skipped. Save it in a current format.",
        ) from None
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with all that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _made(file: Path, name: Path) -> bytes:
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | _AS_IT_IS), "rb") as stream:
            return stream.read(MOST_BYTES)
    except OSError:
        raise _failed(name) from None


def _limit(seconds: int) -> None:
    if sys.platform != "win32":
        import resource

        for what, most in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, MOST_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(what, (most, most))


def _failed(name: Path) -> LoadError:
    return LoadError(
        f"无法读取 {name}：文件已损坏、加了密码，或不是 {name.suffix} 格式。请去掉密码，另存为新格式后再索引。",
        f"Can't read {name}: damaged, locked by a password, or not a {name.suffix} file. "
        "Remove the password and save it in a current format.",
    )
