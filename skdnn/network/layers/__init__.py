"""The layers of a network: a table for compiled code, and a module for each kind.

A module has the forward and the backward pass of its kind, from which `propagation`
builds programs; so far there is one kind, `dense`.
"""
