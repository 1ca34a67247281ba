"""A batch source whose chunks are raw tables."""

import numpy as np

from skdnn.estimators.streamed import Sample, StreamedInputs
from skdnn.preprocessing.mixed_tables import TableColumns
from skdnn.streams import stacked


class StreamedTables(StreamedInputs):
    """X of a batch source whose chunks are raw tables.

    Attributes
    ----------
    columns : TableColumns
        The numeric and the categorical columns.
    """

    columns: TableColumns

    def sample_of(self, rows: np.ndarray | None, least: int) -> Sample:
        """Return a sample of these rows: at least `least` of them, or all."""
        sample = self.sample.of(rows)
        if rows is None or sample.numbers.size >= min(least, rows.size):
            return sample
        # The rows are a small part of the stream, so the sample holds few of them.
        at = np.linspace(0, rows.size - 1, min(least, rows.size)).astype(np.int64)
        rows = rows[np.unique(at)]
        return Sample(stacked(list(self.read(np.arange(self.sizes.size), rows))), rows)
