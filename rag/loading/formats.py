"""Which files can be read, by their suffixes, and what reads them."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import PurePath

from rag.loading.images.recognition import SUFFIXES, is_installed

# By suffix: the module and its function. A module is imported when the first such file comes.
FORMATS = {
    ".md": ("markdown", "parse_md"),
    ".markdown": ("markdown", "parse_md"),
    ".html": ("html", "parse_html"),
    ".htm": ("html", "parse_html"),
    ".xhtml": ("html", "parse_xhtml"),
    ".pdf": ("pdf", "parse_pdf"),
    ".docx": ("office.docx", "parse_docx"),
    ".epub": ("html.epub", "parse_epub"),
    ".xlsx": ("sheets.xlsx", "parse_xlsx"),
    ".pptx": ("office.pptx", "parse_pptx"),
    # With macros, which are not run, as templates and as shows.
    **dict.fromkeys((".docm", ".dotx"), ("office.docx", "parse_docx")),
    **dict.fromkeys((".xlsm", ".xltx"), ("sheets.xlsx", "parse_xlsx")),
    **dict.fromkeys((".pptm", ".ppsx", ".potx"), ("office.pptx", "parse_pptx")),
    ".odt": ("office.opendocument", "parse_odf"),
    ".ods": ("office.opendocument", "parse_odf"),
    ".odp": ("office.opendocument", "parse_odf"),
    ".rtf": ("office.rtf", "parse_rtf"),
    ".eml": ("mail", "parse_eml"),
    ".msg": ("mail.outlook", "parse_msg"),
    ".mht": ("mail", "parse_mht"),
    ".mhtml": ("mail", "parse_mht"),
    ".txt": ("plain", "parse_txt"),
    ".text": ("plain", "parse_txt"),
    ".csv": ("sheets.delimited", "parse_csv"),
    ".tsv": ("sheets.delimited", "parse_tsv"),
    ".jsonl": ("jsonl", "parse_jsonl"),
    ".zip": ("archives.packs", "parse_zip"),
    **dict.fromkeys(SUFFIXES, ("images.scans", "parse_image")),
}
# Of files in these every one is a document.
ARCHIVES = (".zip",)
# Formats of older office programs, and those that LibreOffice makes of them.
OLD = {".doc": ".docx", ".wps": ".docx", ".xls": ".xlsx", ".et": ".xlsx", ".ppt": ".pptx", ".dps": ".pptx"}


def is_readable(name: PurePath | str) -> bool:
    """Whether a file of that name can be read with what is installed."""
    suffix = PurePath(name).suffix.lower()
    if suffix in SUFFIXES:
        return is_installed()
    return suffix in FORMATS or (suffix in OLD and libreoffice() is not None)


@cache
def libreoffice() -> str | None:
    """The program that reads old formats; None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def how_to_read_old() -> tuple[str, str]:
    """What to do about files in old formats that were not read, in Chinese and English."""
    return (
        f"读旧格式（{' '.join(OLD)}）需要 LibreOffice：装好后（soffice 要在 PATH 上）再索引一次。",
        f"Old formats ({' '.join(OLD)}) are read with LibreOffice: install it (soffice on the PATH) and index again.",
    )
