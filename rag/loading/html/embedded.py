"""Pictures of a page: where their bytes are."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import unquote

# The bytes of the picture at an address; none if it lies elsewhere.
Pictures = Callable[[str], bytes]


def inline(address: str) -> bytes:
    """A picture that is written into its address."""
    head, _, data = address.partition(",")
    if not (head.lower().startswith("data:image/") and head.lower().endswith(";base64")):
        return b""
    try:
        return base64.b64decode(unquote(data))
    except ValueError:
        return b""
