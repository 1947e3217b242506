"""How the time of a long document grows with its length."""
