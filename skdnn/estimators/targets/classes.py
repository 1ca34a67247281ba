"""Class labels encoded for the losses, and the weights of classes."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import entr, log_expit, log_softmax
from sklearn.utils import column_or_1d

from skdnn.estimators.checks.values import listed
from skdnn.estimators.targets.labels import kind_of_labels, type_of_label, with_decimals
from skdnn.estimators.targets.weights import (
    class_weights,
    label_weights,
    weights_of_indicator,
)
from skdnn.network.architecture import Network
from skdnn.network.losses import LOSSES, apply_link


@dataclass(frozen=True)
class ClassTargets:
    """The classes of a fit, and the encoding of labels as targets of the network.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel-indicator"}
        The kind of classification.
    classes : ndarray of shape (n_classes,)
        The labels, sorted; column numbers for multilabel targets.
    weights : ndarray of shape (n_classes,), list of dict or None
        Weight of each class, which multiplies the weights of its rows. For multilabel
        targets, the weights of 0 and 1 for each label; a row has their product.
    """

    kind: str
    classes: np.ndarray
    weights: np.ndarray | list | None = None

    are_classes = True
    weight_factor = ", times class_weight,"
    cost_unit = 1.0

    @classmethod
    def of(cls, y, name: str = "y", kind: str | None = None) -> "ClassTargets":
        """Return the targets with the classes found in y; `kind` if it is known."""
        kind = kind or kind_of_labels(y, name)
        if kind == "multilabel-indicator":
            return cls("multilabel-indicator", np.arange(y.shape[1]))
        classes = np.unique(column_or_1d(y, warn=True))
        if len(classes) == 1:  # the softmax of a single logit is 1
            return cls("multiclass", classes)
        return cls.of_classes(classes, name)

    @classmethod
    def of_classes(cls, classes: np.ndarray, name: str = "y") -> "ClassTargets":
        """Return the targets with these classes."""
        if len(classes) < 2:
            raise ValueError(
                f"{name} has one class only, {listed(classes)}; a classifier needs at "
                "least 2 classes."
            )
        return cls("binary" if len(classes) == 2 else "multiclass", np.asarray(classes))

    @property
    def is_multilabel(self) -> bool:
        """Whether a row may have several labels or none."""
        return self.kind == "multilabel-indicator"

    @property
    def is_constant(self) -> bool:
        """Whether there is only one class."""
        return not self.is_multilabel and len(self.classes) == 1

    @property
    def n_outputs(self) -> int:
        """The number of logits per row: 1 if binary, else one per class or label."""
        return 1 if self.kind == "binary" else len(self.classes)

    @property
    def loss(self) -> str:
        """The name of the loss."""
        if self.kind == "multiclass":
            return "softmax_cross_entropy"
        return "sigmoid_cross_entropy"

    @property
    def out_activation(self) -> str:
        """The name of the link."""
        return LOSSES[self.loss].out_activation

    def check_same_classes(self, y, is_multilabel: bool) -> None:
        """Raise an error unless y has exactly the classes of the previous fit."""
        if is_multilabel != self.is_multilabel:
            raise ValueError(
                "warm_start can only be used where `y` is of the same kind as in the "
                f"previous call to fit, {self.kind}."
            )
        if not is_multilabel and set(np.unique(y)) != set(self.classes):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the "
                f"previous call to fit. Previously got {self.classes}, `y` has "
                f"{np.unique(y)}."
            )

    def encode(self, y, dtype, name: str = "y") -> np.ndarray:
        """Return Y: 0 and 1 for each logit, or the class index for multiclass.

        Raises
        ------
        ValueError
            If there is a label that is not among the classes.
        """
        if self.is_multilabel:
            return self._encode_indicator(y, dtype, name)
        codes = np.searchsorted(self.classes, self._known_labels(y, name))
        return codes.astype(dtype)[:, np.newaxis]

    def _known_labels(self, y, name) -> np.ndarray:
        y = self._one_label_a_row(y, name)
        self._check_type_of_labels(y, name)
        unseen = np.setdiff1d(y, self.classes)
        if unseen.size:
            raise ValueError(
                f"{name} has labels that are not among the classes of the training "
                f"rows: {listed(unseen)}. The classes are {listed(self.classes)}."
            )
        return y

    def comparable(self, y) -> np.ndarray:
        """Return the caller's y in a form to compare predictions with.

        Labels that no training row had are accepted; every prediction is wrong there.
        """
        if self.is_multilabel:
            return self._encode_indicator(y, int, "y")
        y = self._one_label_a_row(y, "y")
        self._check_type_of_labels(y, "y")
        if y.dtype.kind == "O":  # may hold numbers
            y = np.array(y.tolist())
        if y.dtype.kind == "f" and np.any(y != np.round(y)):
            raise ValueError(
                f"y has numbers with decimals, such as {with_decimals(y):.3g}, which "
                f"are not labels. The classes are {listed(self.classes)}."
            )
        return y

    def _check_type_of_labels(self, y, name) -> None:
        label = y[0]
        if type_of_label(label) != type_of_label(self.classes[0]):
            raise ValueError(
                f"{name} has labels, such as {listed(y[:1])}, that are not among the "
                "classes of the training rows: they are of another type. The classes "
                f"are {listed(self.classes)}."
            )

    def _one_label_a_row(self, y, name) -> np.ndarray:
        if not sparse.issparse(y) and (y.ndim == 1 or y.shape[1] == 1):
            return y.ravel()
        Y = y.toarray() if sparse.issparse(y) else y
        is_one_hot = Y.shape[1] > 1 and np.all(np.sum(Y == 1, axis=1) == 1)
        cure = "Pass one label for each row."
        if is_one_hot and np.all((Y == 0) | (Y == 1)):
            cure = (
                "It looks one-hot; pass the labels instead: "
                f"classes[np.argmax({name}, axis=1)]."
            )
        raise ValueError(
            f"{name} should be a 1d array of labels, as y was in fit, got an array of "
            f"shape {y.shape}. {cure}"
        )

    def _encode_indicator(self, y, dtype, name):
        Y = y.toarray() if sparse.issparse(y) else np.asarray(y)
        if Y.ndim != 2 or Y.shape[1] != len(self.classes):
            raise ValueError(
                f"{name} must be a label indicator with {len(self.classes)} columns, "
                f"as in the first call, got an array of shape {Y.shape}."
            )
        if not np.all((Y == 0) | (Y == 1)):
            raise ValueError(f"{name} must be a label indicator of 0 and 1 only.")
        return np.ascontiguousarray(Y, dtype=dtype)

    def outward(self, A: np.ndarray, has_offset: bool = True) -> np.ndarray:
        """Return A: logits have no units."""
        return A

    inward = outward

    def mixable(self, Y: np.ndarray) -> np.ndarray:
        """Return Y in a form of which convex combinations are targets: one-hot."""
        if self.kind != "multiclass" or self.is_constant:
            return Y
        shares = np.zeros((len(Y), len(self.classes)), Y.dtype)
        shares[np.arange(len(Y)), Y[:, 0].astype(int)] = 1
        return shares

    def predictions(self, Z: np.ndarray) -> np.ndarray:
        """Return predictions for logits of shape (n_rows, n_outputs), in few bytes.

        They are class indices for multiclass, otherwise booleans.
        """
        return Z.argmax(axis=1) if self.kind == "multiclass" else Z > 0

    def decision(self, Z: np.ndarray) -> np.ndarray:
        """Return logits in scikit-learn's shape: 1-d for two classes."""
        return Z[:, 0] if self.kind == "binary" else Z

    def probabilities(self, Z: np.ndarray) -> np.ndarray:
        """Convert logits, if multiclass in place, to one column for each class."""
        return self.expected(np.hstack([-Z, Z]) if self.kind == "binary" else Z)

    def log_probabilities(self, Z: np.ndarray) -> np.ndarray:
        """Return the logarithms of the probabilities.

        They are computed from the logits: small probabilities may have become 0.
        """
        if self.kind == "binary":
            return log_expit(np.hstack([-Z, Z]))
        return log_expit(Z) if self.is_multilabel else log_softmax(Z, axis=1)

    def expected(self, Z: np.ndarray) -> np.ndarray:
        """Convert logits, in place, to the mean of each output: its probability."""
        apply_link(self.loss, Z)
        return Z

    def spread(self, Y: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the targets of each output."""
        if self.kind != "multiclass":
            return Y.std(axis=0, dtype=np.float64)
        counts = np.bincount(Y[:, 0].astype(int), minlength=len(self.classes))
        shares = counts / len(Y)
        return np.sqrt(shares * (1 - shares))

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Convert predictions to labels."""
        if self.is_multilabel:
            return predictions.astype(int)
        if self.kind == "binary":
            return self.classes[predictions[:, 0].astype(int)]
        return self.classes[predictions]

    def score(self, predictions, Y: np.ndarray, weight: np.ndarray) -> float:
        """Return the accuracy: the weighted fraction of rows with all labels right."""
        if self.kind == "multiclass":
            right = predictions == Y[:, 0]
        else:
            right = np.all(predictions == (Y > 0.5), axis=1)
        return float(np.average(right, weights=weight))

    def constant_cost(self, Y: np.ndarray, s: np.ndarray, smoothing: float) -> float:
        """Return J of the best constant prediction: the entropy of the labels."""
        weight = s / s.sum(dtype=np.float64)
        if self.kind == "multiclass":
            n_classes = len(self.classes)
            shares = np.bincount(Y[:, 0].astype(int), weight, minlength=n_classes)
            return float(entr((1 - smoothing) * shares + smoothing / n_classes).sum())
        yes = (1 - smoothing) * (weight @ Y) + smoothing / 2
        return float((entr(yes) + entr(1 - yes)).sum())

    def without_smoothing(self, network: Network) -> Network:
        """Return the network as it is evaluated on dev rows: no label smoothing."""
        return network._replace(loss_option=0.0)

    def with_class_weight(self, class_weight, y, sample_weight) -> "ClassTargets":
        """Return these targets with a weight for each class.

        "balanced" counts rows by their weight, so a weight of 2 counts as two rows, and
        ignores classes of weight 0.
        """
        if class_weight is None:
            return replace(self, weights=None)
        if self.is_multilabel:
            weights = label_weights(class_weight, y, sample_weight)
            return replace(self, weights=weights)
        y = self._known_labels(y, "y")
        of_classes = class_weights(class_weight, self.classes, y, sample_weight)
        return replace(self, weights=of_classes)

    def weigh(self, Y: np.ndarray, sample_weight: np.ndarray | None):
        """Return the row weights times the class weights, or None if all are 1.

        `Y` is the output of `encode`.
        """
        if self.weights is None:
            return sample_weight
        if isinstance(self.weights, list):
            factor = weights_of_indicator(self.weights, Y)
        else:
            factor = self.weights[Y[:, 0].astype(int)]
        return factor if sample_weight is None else factor * sample_weight
