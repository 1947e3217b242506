"""The page's framework, with a temporary folder of its own: nobody else's before, private, and gone with the process.

Gradio would use one that all users of the machine share, and reads where it is when it is first imported. So it is
imported here alone.
"""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Final

FOLDER: Final = TemporaryDirectory(prefix="wenyuan-page-", ignore_cleanup_errors=True)
"""Removed when the server or the process ends, but not by force."""
os.environ["GRADIO_TEMP_DIR"] = FOLDER.name


class _WithoutStubs(MetaPathFinder):
    """Finds Gradio's module that writes stubs for editors, and keeps it from that.

    Whenever it is imported it parses its own components to write what stands there already: half of its import.
    """

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == "gradio.component_meta" else None
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                run(module)
                vars(module)["create_or_modify_pyi"] = lambda *_: None

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


# Nor does it need MCP, which it would import if it could: see `rag.web.mcp_server`.
_MCP: Final = sys.modules.get("mcp")
sys.meta_path.insert(0, _WithoutStubs())
sys.modules["mcp"] = None  # type: ignore[assignment]
import gradio  # noqa: E402

sys.meta_path.pop(0)
del sys.modules["mcp"]
if _MCP is not None:
    sys.modules["mcp"] = _MCP

__all__ = ["FOLDER", "gradio"]
