"""A process that reads files is shut in: it sees the program's own files, read-only, and no network at all.

By Linux's own means (Landlock for files, seccomp for the calls that lead out), which need no rights and no package.
Where the system has neither, only the limits of `rag.loading.sandbox.worker` hold, and whoever starts a server is told.
"""

from __future__ import annotations

import ctypes
import mimetypes
import os
import platform
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

# Kernel interfaces, from linux/landlock.h, linux/seccomp.h, linux/prctl.h.
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_NO_NEW_PRIVILEGES, _GET_SECCOMP, _SET_SECCOMP, _FILTER = 38, 21, 22, 2
_START, _WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
# What Landlock can forbid of files, by its version: writing, making, removing, moving, cutting, control of devices.
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP, _SIGNALS_AND_SOCKETS = 3, 3
# Of each machine: its name to the kernel, the call that opens a socket, those that offer one, those that send through
# one (io_uring does all of that) or look into other processes, and those that start programs.
_MACHINES = {
    "x86_64": (0xC000003E, 41, (49, 50), (42, 44, 46, 307, 53, 425, 101, 310, 311), (59, 322)),
    "aarch64": (0xC00000B7, 198, (200, 201), (203, 206, 211, 269, 199, 425, 117, 270, 271), (221, 281)),
}
_UNIX = 1
_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _PRETEND = 0x7FFF0000, 0x00050001, 0x00050000
# Where shared libraries are, and what they read of the machine when they are loaded.
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/nix/store", "/etc/ld.so.cache", "/etc/localtime", "/dev/null", "/dev/urandom",
    "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu",
)  # fmt: skip
# What programs are, and what office programs read beside.
_PROGRAMS = (
    "/bin",
    "/sbin",
    "/opt",
    "/etc/fonts",
    "/etc/libreoffice",
    "/var/cache/fontconfig",
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
)


def lacking() -> tuple[tuple[str, str], ...]:
    """What this system has no means to keep a parser from, in Chinese and English."""
    found = []
    if _landlock() < 1:
        found.append(("文件", "files"))
    if not _has_seccomp():
        found.append(("网络", "the network"))
    return tuple(found)


def shut_in(workshop: Path | None = None) -> None:
    """Shut this process in for good, as far as the system can; its open files stay open. Raises OSError.

    With a ``workshop`` it may start programs, which are shut in as well, and write in that folder.
    """
    if _landlock() < 1 and not _has_seccomp():
        return
    _call("prctl", _NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if _landlock() >= 1:
        _close_files(workshop)
    if _has_seccomp():
        _close_network(programs=workshop is not None)


def _close_files(workshop: Path | None) -> None:
    version = _landlock()
    handled = struct.pack("QQQ", _FILES[min(version, max(_FILES))], _TCP, _SIGNALS_AND_SOCKETS)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _call("syscall", _CREATE, handled[:size], size, 0)
    try:
        for place in readable():
            _allow(rules, place, _READ_FILE | _READ_FOLDER)
        if workshop:
            for place in map(Path, (*_SYSTEM, *_PROGRAMS)):
                _allow(rules, place, _READ_FILE | _READ_FOLDER | _START)
            _allow(rules, Path("/dev/null"), _READ_FILE | _WRITE_FILE)
            _allow(rules, workshop, _FILES[min(version, max(_FILES))])
        _call("syscall", _RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, place: Path, rights: int) -> None:
    """Let that be done with what is below ``place``, if it is there."""
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights &= ~0 if place.is_dir() else ~_READ_FOLDER
        _call("syscall", _ADD_RULE, rules, 1, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


def readable() -> Iterator[Path]:
    """Python and its packages, this package, and the system's libraries: no folder that may hold a user's files."""
    yield from map(Path, {*_SYSTEM, *mimetypes.knownfiles, sys.prefix, sys.base_prefix, sys.exec_prefix})
    yield from (Path(place) for place in sys.path if Path(place).name in ("site-packages", "dist-packages"))
    yield Path(__file__).parents[2]


def _close_network(*, programs: bool) -> None:
    machine, opens, offers, others, starts = _MACHINES[platform.machine()]
    refused = others if programs else (opens, *offers, *others, *starts)
    # Load the machine, refuse another; load the call, refuse what is forbidden; allow.
    checks = [(_LOAD, "", "", 4), (_EQUAL, "", "refuse", machine), (_LOAD, "", "", 0), (_AT_LEAST, "refuse", "", _X32)]
    checks += [(_EQUAL, "refuse", "", call) for call in refused]
    if programs:
        # An office program ends where it can't offer a socket to a second one of its kind: it is told that it does.
        checks += [(_EQUAL, "pretend", "", call) for call in offers]
        checks += [(_EQUAL, "", "allow", opens), (_LOAD, "", "", 16), (_EQUAL, "allow", "refuse", _UNIX)]
    ends = {"allow": len(checks), "refuse": len(checks) + 1, "pretend": len(checks) + 2}
    steps = [
        (code, *(ends[end] - at if end else 0 for end in (then, otherwise)), value)
        for at, (code, then, otherwise, value) in enumerate(checks, start=1)
    ]
    steps += [(_RETURN, 0, 0, end) for end in (_ALLOW, _REFUSE, _PRETEND)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    whole = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    _call("prctl", _SET_SECCOMP, _FILTER, whole, 0, 0)


def _landlock() -> int:
    """The version of Landlock that the kernel has; 0 for none."""
    try:
        return _call("syscall", _CREATE, None, 0, 1)
    except OSError:
        return 0


def _has_seccomp() -> bool:
    if sys.platform != "linux" or platform.machine() not in _MACHINES or sys.maxsize < 2**32:
        return False
    try:
        return _call("prctl", _GET_SECCOMP, 0, 0, 0, 0) >= 0
    except OSError:
        return False


def _call(name: str, *arguments: int | bytes | None) -> int:
    """Call the kernel. Raises OSError."""
    if sys.platform != "linux":
        raise OSError("not Linux")
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.restype = ctypes.c_long
    made = [ctypes.c_long(one) if isinstance(one, int) else ctypes.c_char_p(one) for one in arguments]
    result: int = function(*made)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
