"""Files that hold tables: workbooks and separated values."""
