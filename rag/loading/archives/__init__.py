"""Files in archives, and documents that are archives."""
