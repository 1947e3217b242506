"""Other systems for questions over a folder of texts, measured on the same questions as Wenyuan."""
