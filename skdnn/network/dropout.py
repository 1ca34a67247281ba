r"""Inverted dropout: a new mask for each row of each mini-batch, none at prediction.

.. math:: a := \frac{a \cdot \mathrm{mask}}{\mathrm{keep\_prob}}, \qquad
          \mathrm{mask} = \mathrm{uniform} < \mathrm{keep\_prob}

Dividing by keep_prob preserves the expected activation, so prediction needs no change.
The derivative is multiplied by the same factor (N. Srivastava et al., "Dropout", 2014).

The uniform number of an element is a hash of its position and a key, not the next draw
of a sequence. Elements are therefore independent, so the pass is vectorised, and a mask
depends only on (seed, step, layer, position), so resuming needs no further state.
"""

import numpy as np

from skdnn.network.compiled import inlined
from skdnn.network.kernels import kernel
from skdnn.network.program import DROPPED, X
from skdnn.network.views import vector

u32, u64 = np.uint32, np.uint64


@inlined
def mask_key(seed, step, layer):
    """Return the key of a layer's mask at a step: splitmix64 (S. Vigna, 2015)."""
    x = u64(seed) + u64(step * 256 + layer) * u64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> u64(27))) * u64(0x94D049BB133111EB)
    return x ^ (x >> u64(31))


@inlined
def hash_bits(place, low, high):
    """Return 32 random bits for a position: C. Wellons' lowbias32, keyed twice."""
    x = u32(u32(place) ^ low)
    x = u32((x ^ (x >> u32(16))) * u32(0x7FEB352D))
    x = u32(u32(x ^ (x >> u32(15))) + high)
    x = u32(x * u32(0x846CA68B))
    return u32(x ^ (x >> u32(16)))


@inlined
def mask_halves(key):
    """Return the two halves of a key, as `hash_bits` takes them."""
    return u32(key & u64(0xFFFFFFFF)), u32(key >> u64(32))


@inlined
def keep_threshold(keep_prob):
    """Return t such that 32 random bits fall below t with probability keep_prob."""
    return u32(min(keep_prob * 4294967296.0, 4294967295.0))


@kernel
def drop(op, now, at, T):
    """Drop units of A, and of their derivatives G, in place."""
    size = now.rows * op.n_out
    a, g = vector(at[op.Z], 0, size, T), vector(at[op.G], 0, size, T)
    low, high = mask_halves(mask_key(now.seed, now.step, op.layer))
    threshold, kept = keep_threshold(op.keep_prob), T(1 / op.keep_prob)
    for j in range(size):
        factor = kept if hash_bits(j, low, high) < threshold else T(0)
        a[j] *= factor
        g[j] *= factor


@kernel
def drop_inputs(op, now, at, T):
    """Write X with dropped entries to a separate buffer."""
    size = now.rows * op.n_in
    x, a = vector(at[X], 0, size, T), vector(at[DROPPED], 0, size, T)
    low, high = mask_halves(mask_key(now.seed, now.step, 0))
    threshold, kept = keep_threshold(op.keep_prob), T(1 / op.keep_prob)
    for j in range(size):
        a[j] = x[j] * kept if hash_bits(j, low, high) < threshold else T(0)
