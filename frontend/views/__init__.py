"""One module per page: each reads a stage, shows its answer and decides nothing."""
