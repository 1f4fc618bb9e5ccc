"""The Django project: wires the parts together and decides nothing."""
