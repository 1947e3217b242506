"""What is installed for users is what was looked at: each file by its hash, but for torch."""

from __future__ import annotations

import re
from importlib.metadata import requires

from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Each index has another build of it. What only the CUDA build needs is not installed with the CPU build.
UNLOCKED = {"torch"}
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PINS = re.findall(r"^([a-z0-9-]+)==([^ ]+)[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}[ \\]*)+)$", LOCK, re.MULTILINE)
VERSIONS = {name: version for name, version, _ in PINS}


def needed(name: str) -> set[str]:
    """The names of all that a user of ``name`` needs here, but what torch needs for itself."""
    found: set[str] = set()
    left = [name]
    while left:
        for line in requires(left.pop()) or ():
            requirement = Requirement(line)
            wanted = canonicalize_name(requirement.name)
            if (requirement.marker is None or requirement.marker.evaluate({"extra": ""})) and wanted not in found:
                found.add(wanted)
                left += [] if wanted in UNLOCKED else [wanted]
    return found


def test_every_line_of_the_lock_is_a_version_with_hashes() -> None:
    entries = [line for line in LOCK.splitlines() if not line.startswith(("#", "    --hash=sha256:"))]
    assert [line.split("==")[0] for line in entries] == list(VERSIONS)
    assert len(VERSIONS) > 100


def test_its_versions_are_those_of_the_constraints() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    constraints = dict(line.split("==") for line in lines if not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in constraints.items()}
    assert {name for name, version in VERSIONS.items() if pinned.get(name, version) != version} == set()
    assert "torch" in pinned


def test_all_that_a_user_needs_is_in_it_but_torch() -> None:
    wanted = needed("wenyuan")
    assert wanted - set(VERSIONS) == UNLOCKED
    assert {"gradio", "numpy", "starlette", "tokenizers"} <= wanted


def test_the_makefile_and_the_image_check_the_hashes_before_they_install_the_rest() -> None:
    checked = "--no-deps --require-hashes -r "
    for name in ("Makefile", "Dockerfile"):
        lines = [line for line in (ROOT / name).read_text("utf-8").splitlines() if "pip install" in line]
        first = next(n for n, line in enumerate(lines) if checked in line)
        assert not [line for line in lines[:first] if "-c constraints.txt" in line]
