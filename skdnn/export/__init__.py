"""A fitted network in other formats, made from its weights and names alone."""
