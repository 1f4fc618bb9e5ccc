"""The calls, a module per noun. A view checks, calls one stage, and answers."""
