"""One module per family of layouts: records in, rows for the database out."""
