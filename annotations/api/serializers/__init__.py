"""What goes in and out, a module per noun; the OpenAPI document is made from these."""
