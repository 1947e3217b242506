"""Gold questions, measures and reports: what ``wenyuan eval`` and the page need."""
