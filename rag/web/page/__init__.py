"""The page as escaped HTML, a piece a module."""
