"""Questions to begin with, made from the documents themselves."""
