"""Where Wenyuan keeps what it derives for a user: unpacked models and jieba's dictionary."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """The user's cache folder, or ``WENYUAN_CACHE_DIR`` where that is set."""
    override = os.environ.get("WENYUAN_CACHE_DIR")
    if override:
        return Path(override).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("wenyuan", appauthor=False)
