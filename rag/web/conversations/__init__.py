"""Conversations that last: kept beside the index, listed, named, searched, removed, and taken away."""
