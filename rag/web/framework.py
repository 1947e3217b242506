"""The page's framework, with a temporary folder of its own: nobody else's before, private, and gone with the process.

Gradio would use one that all users of the machine share, and reads where it is when it is first imported. So it is
imported here alone.
"""

import os
from tempfile import TemporaryDirectory
from typing import Final

FOLDER: Final = TemporaryDirectory(prefix="wenyuan-page-", ignore_cleanup_errors=True)
"""Removed when the server or the process ends, but not by force."""
os.environ["GRADIO_TEMP_DIR"] = FOLDER.name

import gradio  # noqa: E402

__all__ = ["FOLDER", "gradio"]
