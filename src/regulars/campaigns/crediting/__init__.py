"""Crediting: which messages touched an order, which of them gets the credit, and what everybody did in the window."""
