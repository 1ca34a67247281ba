r"""Smooth clipping of outliers to (-c, c), and its inverse.

.. math::

    z = \frac{x}{\sqrt{1 + (x / c)^2}},
    \qquad x = \frac{z}{\sqrt{1 - (z / c)^2}}

Source: RealMLP, "robust scale and smooth clip", arXiv:2407.04491.
"""

import numpy as np


def clip_smoothly(x, c):
    """Convert x to z, in place."""
    # hypot does not overflow, unlike the square of x/c. A NumPy float64 as c would
    # double the size of the temporary arrays for a float32 x.
    x /= np.hypot(1.0, x / float(c))


def unclip_smoothly(z, c):
    """Convert z to x, in place; z is first clipped to the inside of (-c, c)."""
    c = float(c)
    inside = np.nextafter(z.dtype.type(c), z.dtype.type(0))
    np.clip(z, -inside, inside, out=z)
    # Equivalent to the formula, but c - z is exact near c, unlike 1 - (z/c)².
    z *= c / (np.sqrt(c - z) * np.sqrt(c + z))
