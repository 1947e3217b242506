"""What a question asks of a table: the cells of a row and a column, or of one end of a column."""
