"""A library on disk: documents, vectors and terms of a generation, and which generation is in force."""
