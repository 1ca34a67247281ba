"""Section 1: the sizes of train, dev and test that the course gives."""

import numpy as np
import pytest

from skdnn import dev_size_for, train_dev_test_split


@pytest.mark.parametrize(
    ("n_rows", "shares"),
    [
        (100, (0.6, 0.2, 0.2)),
        (1_000, (0.6, 0.2, 0.2)),
        (10_000, (0.6, 0.2, 0.2)),
        (1_000_000, (0.98, 0.01, 0.01)),
        (4_000_000, (0.995, 0.0025, 0.0025)),
    ],
)
def test_one_rule_gives_every_row_of_the_table(n_rows, shares):
    """min(20 %, 10 000 rows) for dev and for test."""
    parts = train_dev_test_split(np.arange(n_rows), random_state=0)
    assert [len(part) / n_rows for part in parts] == list(shares)


def test_ten_thousand_rows_tell_a_few_candidates_apart():
    """A difference of 1 point at 10 % error among ten candidates takes about that."""
    assert 8_000 < dev_size_for(0.01, 0.1, candidates=10) < 14_000
    assert dev_size_for(0.01, 0.1, candidates=2) < 10_000
