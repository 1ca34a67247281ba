"""The layers of a network: a table for compiled code, and a file for each kind.

A kind of layer has its forward and its backward pass in one file. `propagation` walks
the table and asks for both; there is one kind so far, `dense`.
"""
