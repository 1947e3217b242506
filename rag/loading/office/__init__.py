"""Documents of offices: Word, PowerPoint, LibreOffice, and mail."""
