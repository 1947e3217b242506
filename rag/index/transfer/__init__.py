"""Taking a library elsewhere: written to one file, and put in force from there once all of it has been verified."""
