"""Readers of training rows, which yield epochs of mini-batches."""
