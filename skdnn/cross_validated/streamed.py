"""A batch source whose chunks are tables as they come."""

import numpy as np

from skdnn.estimators.streamed import Sample, StreamedInputs
from skdnn.preprocessing.mixed_tables import TableColumns
from skdnn.streams import stacked


class StreamedTables(StreamedInputs):
    """X of a batch source whose chunks are tables as they come.

    Attributes
    ----------
    columns : TableColumns
        Which columns are what.
    """

    columns: TableColumns

    def sample_of(self, rows: np.ndarray | None, least: int) -> Sample:
        """Return a sample of these rows, with so many of them if there are as many."""
        sample = self.sample.of(rows)
        if rows is None or sample.numbers.size >= min(least, rows.size):
            return sample
        # They are a small part of the stream, of which the sample has caught few.
        at = np.linspace(0, rows.size - 1, min(least, rows.size)).astype(np.int64)
        rows = rows[np.unique(at)]
        return Sample(stacked(list(self.read(np.arange(self.sizes.size), rows))), rows)
