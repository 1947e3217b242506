"""What is looked up or compared in a table, not read: a cell, a range, rows that are named, the ends of a column."""
