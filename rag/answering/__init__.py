"""Evidence to an answer with its citations, why it is that answer, and whether it still holds."""
