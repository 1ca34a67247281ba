"""Splitting data into train, dev and test sets."""

from skdnn.model_selection.split import TrainDevTestSplit, train_dev_test_split

__all__ = ["TrainDevTestSplit", "train_dev_test_split"]
