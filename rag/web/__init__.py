"""The web page's parts: answers and documents as escaped HTML, its style and script. No web framework is imported."""
