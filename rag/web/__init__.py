"""The web app's parts: answers and documents as escaped HTML, the same as JSON, and what guards and serves them."""
