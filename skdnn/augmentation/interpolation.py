r"""Compiled bilinear interpolation, one image at a time.

.. math::

    x(u, v) = \sum_{i, j} \Lambda(u - i)\, \Lambda(v - j)\, x_{ij},
    \qquad \Lambda(t) = \max(0, 1 - |t|)

An image is a matrix of shape (height, width * channels), channels last. The working set
of an image stays in the L1 cache, and all loops except that over channels are
vectorised.
"""

import numpy as np

from skdnn.augmentation.base import Array
from skdnn.augmentation.draws import key_of_row, normal
from skdnn.network.compiled import entry, inlined
from skdnn.network.views import flat, part

# Number of multiplications up to which OpenBLAS uses a single thread.
_MAX_WORK = 2**18


def padded_image(
    height: int, width: int, channels: int, margin: int, fill: float | str, dtype
) -> Array:
    """Return a workspace for one image with a margin, initialised with `fill`.

    It has two more lines at the end, which are read with a weight of 0.
    """
    shape = height + 2 * margin + 2, (width + 2 * margin) * channels
    return np.full(shape, 0 if fill == "nearest" else fill, dtype)


@inlined
def pad_image(image, padded, margin, channels, is_nearest):
    """Copy an image to the centre of the workspace `padded`.

    With `is_nearest`, fill the margin with the nearest pixels; else it is kept.
    """
    height, length = image.shape
    wide = padded.shape[1]
    before, after = margin * channels, margin * channels + length
    pixels, around = flat(image), flat(padded)
    for y in range(height):
        line = part(pixels, y * length, 1, length)
        place = part(around, (margin + y) * wide + before, 1, length)
        for j in range(length):
            place[0, j] = line[0, j]
    if is_nearest:
        for y in range(margin, margin + height):
            for j in range(before):
                padded[y, j] = padded[y, before + j % channels]
                padded[y, after + j] = padded[y, after - channels + j % channels]
        for y in range(margin):
            padded[y] = padded[margin]
            padded[margin + height + y] = padded[margin + height - 1]


@inlined
def locate_pixels(u, v, height, width, at):
    """Write to `at` the index, in a padded image, of the pixel above left of (u, v).

    The coordinates u and v are replaced by the distances from that pixel. Positions
    beyond the margin of one pixel are moved to its outer edge. The neighbours beyond
    that edge get a weight of 0, so their values do not matter.
    """
    T = u.dtype.type
    zero, one, bottom, right = T(0), T(1), T(height + 1), T(width + 1)
    for p in range(u.size):
        y, x = min(max(u[p] + one, zero), bottom), min(max(v[p] + one, zero), right)
        top, left = np.int32(y), np.int32(x)
        at[p] = top * np.int32(width + 2) + left
        u[p], v[p] = y - T(top), x - T(left)


@inlined
def sample(pixels, wide, channels, at, down, right, image):
    """Interpolate at the distances `down` and `right` from pixels; write to `image`.

    Indices are unsigned: the check for negative indices at each of the four reads would
    take a third of the time.
    """
    line, step = np.uint64(wide), np.uint64(channels)
    for channel in range(channels):
        for p in range(at.size):
            q = np.uint64(at[p]) * step + np.uint64(channel)
            here, there = pixels[q], pixels[q + step]
            above = here + right[p] * (there - here)
            here, there = pixels[q + line], pixels[q + line + step]
            below = here + right[p] * (there - here)
            image[p * channels + channel] = above + down[p] * (below - above)


@inlined
def small_dots(A, B, out):
    """Compute A B in blocks of lines, so small that BLAS uses a single thread.

    The bits then do not depend on the number of BLAS threads.
    """
    lines = max(1, _MAX_WORK // (B.shape[0] * B.shape[1]))
    for i in range(0, A.shape[0], lines):
        np.dot(A[i : i + lines], B, out[i : i + lines])


@entry
def rotate(X, rows, cosine, sine, image_shape, padded, is_nearest):
    """Rotate images about their centre, in place.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        The images, one per row.
    rows : ndarray of int
        Indices of the rows to rotate.
    cosine, sine : ndarray of shape (rows.size,), of the type of X
        Cosine and sine of the angles.
    image_shape : (height, width, channels)
        Shape of the images.
    padded : ndarray
        Workspace: the result of `padded_image` with a margin of 1.
    is_nearest : bool
        Whether to fill the margin with the nearest pixels.
    """
    height, width, channels = image_shape
    T = X.dtype.type
    middle_y, middle_x = T(height - 1) * T(0.5), T(width - 1) * T(0.5)
    values, around = flat(X), flat(padded)
    u, v = np.empty(height * width, X.dtype), np.empty(height * width, X.dtype)
    at = np.empty(height * width, np.uint32)
    for k in range(rows.size):
        c, s = cosine[k], sine[k]
        for i in range(height):
            y = T(i) - middle_y
            for j in range(width):
                x = T(j) - middle_x
                u[i * width + j] = c * y - s * x + middle_y
                v[i * width + j] = s * y + c * x + middle_x
        image = part(values, rows[k] * X.shape[1], height, width * channels)
        pad_image(image, padded, 1, channels, is_nearest)
        locate_pixels(u, v, height, width, at)
        sample(around, padded.shape[1], channels, at, u, v, flat(image))


@entry
def displace(X, rows, key, down, right, image_shape, padded, is_nearest):
    """Displace pixels by random fields `down` N `right`, N normal, in place.

    Parameters
    ----------
    X, rows, image_shape, padded, is_nearest
        As in `rotate`.
    key : uint64
        The key of the block.
    down : ndarray of float32, shape (height, n_down)
        The factor of the fields along the height.
    right : ndarray of float32, shape (n_right, width)
        The factor of the fields along the width.
    """
    height, width, channels = image_shape
    values, around = flat(X), flat(padded)
    n_down, n_right = down.shape[1], right.shape[0]
    noise = np.empty(2 * n_down * n_right, np.float32)
    # Both fields, one after the other.
    fields = np.empty(2 * n_down * width, np.float32)
    moved = np.empty((height, 2 * width), np.float32)
    u, v = np.empty(height * width, X.dtype), np.empty(height * width, X.dtype)
    at = np.empty(height * width, np.uint32)
    T = X.dtype.type
    for k in range(rows.size):
        low, high = key_of_row(key, rows[k])
        normal(noise, low, high)
        small_dots(
            part(noise, 0, 2 * n_down, n_right),
            right,
            part(fields, 0, 2 * n_down, width),
        )
        small_dots(down, part(fields, 0, n_down, 2 * width), moved)
        for i in range(height):
            for j in range(width):
                u[i * width + j] = T(moved[i, j]) + T(i)
                v[i * width + j] = T(moved[i, width + j]) + T(j)
        image = part(values, rows[k] * X.shape[1], height, width * channels)
        pad_image(image, padded, 1, channels, is_nearest)
        locate_pixels(u, v, height, width, at)
        sample(around, padded.shape[1], channels, at, u, v, flat(image))


@entry
def resample(X, rows, first, step, image_shape):
    """Resample each image on a regular grid, in place.

    Parameters
    ----------
    X, rows, image_shape
        As in `rotate`.
    first : ndarray of float64, shape (rows.size, 2)
        The position (line, column) of the first grid point in each image. Positions
        outside the image have the value of the nearest pixel.
    step : ndarray of float64, shape (rows.size, 2)
        The distances between grid points in both directions.
    """
    height, width, channels = image_shape
    T, length = X.dtype.type, width * channels
    values, n_features = flat(X), X.shape[1]
    between = np.empty(n_features, X.dtype)  # resampled along the height only
    before, after = np.empty(length, np.uint32), np.empty(length, np.uint32)
    share = np.empty(length, X.dtype)
    for k in range(rows.size):
        start = rows[k] * n_features
        for i in range(height):
            y = min(max(T(first[k, 0] + i * step[k, 0]), T(0)), T(height - 1))
            top = int(y)
            down, bottom = y - T(top), min(top + 1, height - 1)
            above = part(values, start + top * length, 1, length)
            below = part(values, start + bottom * length, 1, length)
            line = part(between, i * length, 1, length)
            for j in range(length):
                line[0, j] = above[0, j] + down * (below[0, j] - above[0, j])
        for j in range(width):
            x = min(max(T(first[k, 1] + j * step[k, 1]), T(0)), T(width - 1))
            left = int(x)
            right = min(left + 1, width - 1)
            for channel in range(channels):
                q = j * channels + channel
                before[q] = left * channels + channel
                after[q] = right * channels + channel
                share[q] = x - T(left)
        for i in range(height):
            at = np.uint64(i * length)
            new = part(values, start + i * length, 1, length)
            for j in range(length):
                near = between[at + np.uint64(before[j])]
                far = between[at + np.uint64(after[j])]
                new[0, j] = near + share[j] * (far - near)
