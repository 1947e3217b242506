"""What of files' text is missing in documents: counted against other programs that read the same files.

    python -m eval.bench.witness FOLDER [FILES]

prints for each format how many files were compared, the witness' characters, and the share of them that the document
lacks, then the FILES (10) with most of them. Witnesses are ``pdftotext -layout``, ``pandoc`` and LibreOffice, as far as
they are installed. Characters are counted, not their order: letters and digits, normalised as for search. What is left
out on purpose counts as missing: running headers, page numbers, menus of pages.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.errors import LoadError
from rag.loading import discover, load
from rag.text.normalization import normalise

_SECONDS = 120
_WORST = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """A file whose text two programs have read: the witness' characters, and how many of them the document lacks."""

    file: Path
    witness: str
    characters: int
    missing: int

    @property
    def share(self) -> float:
        return self.missing / max(1, self.characters)


def counted(text: str) -> Counter[str]:
    """The letters and digits of ``text``, each with its number."""
    return Counter(character for line in text.split("\n") for character in normalise(line).text if character.isalnum())


def compared(file: Path, text: str, witness: str, said: str) -> Compared:
    """``text`` against what the ``witness`` has ``said`` of the same file."""
    theirs = counted(said)
    return Compared(file, witness, theirs.total(), (theirs - counted(text)).total())


def _pdftotext(file: Path) -> str:
    return _run("pdftotext", "-layout", "-enc", "UTF-8", str(file), "-")


def _pandoc(file: Path) -> str:
    return _run("pandoc", "--to=plain", "--wrap=none", str(file))


def _libreoffice(file: Path) -> str:
    """As text, a workbook as separated values."""
    kind = "csv" if file.suffix.lower() in (".xlsx", ".ods") else "txt:Text (encoded):UTF8"
    with tempfile.TemporaryDirectory() as folder:
        _run("soffice", "--headless", "--convert-to", kind, "--outdir", folder, str(file))
        return "\n".join(made.read_text("utf-8", "replace") for made in sorted(Path(folder).iterdir()))


# By suffix: the program that must be there, and what it says.
WITNESSES: dict[str, tuple[tuple[str, Callable[[Path], str]], ...]] = {
    ".pdf": (("pdftotext", _pdftotext),),
    **dict.fromkeys((".docx", ".odt", ".rtf"), (("pandoc", _pandoc), ("soffice", _libreoffice))),
    **dict.fromkeys((".pptx", ".odp", ".xlsx", ".ods"), (("soffice", _libreoffice),)),
    **dict.fromkeys((".html", ".htm", ".epub", ".md"), (("pandoc", _pandoc),)),
}


def _run(*command: str) -> str:
    """What a program says; nothing if it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)
    except (subprocess.SubprocessError, OSError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def measured(folder: Path) -> Iterator[Compared]:
    """Every file in ``folder`` that both we and a witness can read."""
    for found in discover([folder]).files:
        installed = [one for one in WITNESSES.get(found.path.suffix.lower(), ()) if shutil.which(one[0])]
        try:
            text = load(found).text if installed else ""
        except LoadError as error:
            print(error.en, file=sys.stderr)
            continue
        for name, witness in installed[:1]:
            said = witness(found.path)
            # Pandoc takes UTF-16 for UTF-8, and says a NUL between any two letters.
            if said and "\0" not in said:
                yield compared(found.path, text, name, said)


def table(found: Iterable[Compared]) -> Iterator[str]:
    """A line for each format and witness."""
    groups: dict[tuple[str, str], list[Compared]] = {}
    for one in found:
        groups.setdefault((one.file.suffix.lower(), one.witness), []).append(one)
    yield "| format | witness | files | characters | missing | files with more than 1 % |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for (suffix, witness), group in sorted(groups.items()):
        characters, missing = sum(one.characters for one in group), sum(one.missing for one in group)
        more = sum(one.share > 0.01 for one in group)
        share = f"{missing / max(1, characters):.2%}"
        yield f"| {' | '.join([suffix, witness, str(len(group)), f'{characters:,}', share, str(more)])} |"


def main() -> None:
    """Compare the files of the folder that is named, and print."""
    most = int(sys.argv[2]) if len(sys.argv) > 2 else _WORST
    found = list(measured(Path(sys.argv[1])))
    print("\n".join(table(found)))
    for one in sorted(found, key=lambda one: -one.missing)[:most]:
        print(f"{one.missing:>8,} of {one.characters:>9,} ({one.share:.1%})  {one.file}")
    for program in sorted({name for witnesses in WITNESSES.values() for name, _ in witnesses}):
        if not shutil.which(program):
            print(f"{program} is not installed", file=sys.stderr)


if __name__ == "__main__":
    main()
