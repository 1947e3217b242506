"""Look for bytes that break a loader, the guard or uploads: ``python tests/fuzz/fuzz_loaders.py FORMAT [OPTIONS]``.

The options are libFuzzer's. Coverage of our own modules, and of what takes uploads apart, guides the search, in which
what was found interesting is kept between runs, in .fuzz/FORMAT. What breaks an invariant of tests/fuzzing.py or
tests/fuzzing_web.py, takes a minute, or 2 GiB, is written to .fuzz/crash-*.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

with atheris.instrument_imports(include=["rag", "python_multipart", "starlette.formparsers"]):
    import fuzzing_web
    from fuzzing import PART
    from fuzzing import TARGETS as LOADERS

    import rag.question.spelling  # noqa: F401
    from rag.loading.formats import PARSED_BY
    from rag.loading.sandbox.worker import parser

    for suffix in PARSED_BY:
        parser(suffix)

TARGETS = {**LOADERS, "guard": fuzzing_web.guard, "multipart": fuzzing_web.multipart}
# One of each way in which a target takes its bytes.
_SEEDS = (
    b"\xe8\xb1\x86\xe5\x8c\x85",
    b"\0" + bytes(range(0, 250, 3)),
    b"<p>a</p>" + PART + b"\0\1\2\3",
    b"{}\n# a\n- b",
)


def main(target: str, options: list[str]) -> None:
    kept = ROOT / ".fuzz" / target
    kept.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(fuzzing_web.SEEDS.get(target, _SEEDS)):
        (kept / f"seed-{number}").write_bytes(seed)
    limits = ["-timeout=60", "-rss_limit_mb=2048", "-max_len=2000", f"-artifact_prefix={ROOT / '.fuzz'}/"]

    def take(data: bytes) -> None:
        TARGETS[target](data)

    atheris.Setup([sys.argv[0], str(kept), *limits, *options], take)
    atheris.Fuzz()


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"FORMAT: {' '.join(TARGETS)}")
    main(sys.argv[1], sys.argv[2:])
