"""One module per family of layouts: records become rows for the database."""
