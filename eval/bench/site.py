"""A hook of mkdocs: links from docs/ to files of the repository outside it become those files' names.

The pages are read as plain files, too, where such a link leads to the file; the site does not have it.
"""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"(?<!!)\[([^\]]*)\]\((?:\.\./){2,}([^)#\s]+)(?:#[^)\s]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page with such links as text: the words, and the file's path where they are not it."""
    return _OUTSIDE.sub(lambda found: found[1] if found[2] in found[1] else f"{found[1]} (`{found[2]}`)", markdown)
