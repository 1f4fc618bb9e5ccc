"""The pages: they show what `annotations` knows and decide nothing."""
