"""Other forms of a fitted network, made from its weights and names alone."""
