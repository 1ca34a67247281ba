r"""Pull outliers into (-c, c), and back.

.. math::

    z = \frac{x}{\sqrt{1 + (x / c)^2}},
    \qquad x = \frac{z}{\sqrt{1 - (z / c)^2}}

Source: RealMLP, "robust scale and smooth clip", arXiv:2407.04491.
"""

import numpy as np


def clip_smoothly(x, c):
    """Turn x into z, in place."""
    # hypot does not overflow where the square of x/c would. A NumPy float64 as c
    # would make the temporary arrays of a float32 x twice as large.
    x /= np.hypot(1.0, x / float(c))


def unclip_smoothly(z, c):
    """Turn z into x, in place; z is first held inside (-c, c)."""
    c = float(c)
    inside = np.nextafter(z.dtype.type(c), z.dtype.type(0))
    np.clip(z, -inside, inside, out=z)
    # Equal to the formula, but c - z is exact near c, where 1 - (z/c)² is not.
    z *= c / (np.sqrt(c - z) * np.sqrt(c + z))
