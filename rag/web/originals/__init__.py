"""The files that documents were read from: given back as they are, and shown page by page with a citation framed."""
