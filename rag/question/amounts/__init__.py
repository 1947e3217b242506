"""How much a question speaks of: quantities, limits, and the ends of an order."""
