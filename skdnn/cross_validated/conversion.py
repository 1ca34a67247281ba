"""Converting fitted members to scikit-learn's estimators and ensembles."""

from copy import deepcopy
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import Bunch
from sklearn.utils.validation import check_is_fitted

from skdnn._sklearn import complete_fitted_mlp
from skdnn.estimators.base import BaseMLPRegularized
from skdnn.estimators.conversion.export import OnnxExport


class Movable(OnnxExport):
    """The methods that convert fitted networks to scikit-learn and to ONNX."""

    @property
    def _voting(self) -> Any:
        """The class of scikit-learn's ensemble that averages predictions."""
        from sklearn.ensemble import VotingClassifier, VotingRegressor

        return VotingClassifier if is_classifier(self) else VotingRegressor

    def to_sklearn(self) -> Any:
        """Convert the fitted networks to scikit-learn's, with their preprocessor.

        The result gives the same predictions up to the rounding of float32, about
        1e-6. Training options that scikit-learn does not have are dropped: if the
        result is fitted again, it has no dropout and makes no choices.

        Returns
        -------
        estimator
            An MLPClassifier or MLPRegressor or, for several members, a VotingClassifier
            or VotingRegressor that averages them, as the last step of a Pipeline after
            a copy of the preprocessor. With ``refit=False`` each member has its own
            Pipeline; with ``preprocess=False`` there is no Pipeline. The preprocessor
            is still one of skdnn, which must be installed where the result is
            unpickled.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the hidden layers have different activations, or one that scikit-learn
            does not have. If there are several members, and y had a single class,
            several labels or several outputs, which scikit-learn's voting ensembles do
            not support.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from skdnn import MLPRegularizedRegressorCV
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = MLPRegularizedRegressorCV((8,), random_state=0).fit(X, y)
        >>> pipeline = model.to_sklearn()
        >>> [type(step).__name__ for step in pipeline]
        ['Pipeline', 'MLPRegressor']
        >>> bool(abs(pipeline.predict(X) - model.predict(X)).max() < 1e-3)
        True
        """
        check_is_fitted(self)
        transformers, nets = zip(*self._averaged(), strict=True)
        if len(nets) > 1:
            self._check_ensemble_support(nets[0]._model.targets, len(nets))
        mlps = [_as_mlp(net) for net in nets]
        if len({id(each) for each in transformers}) == 1:
            return _in_pipeline(transformers[0], self._one_of(mlps))
        return self._one_of(
            [_in_pipeline(*each) for each in zip(transformers, mlps, strict=True)]
        )

    def _check_ensemble_support(self, targets, n_nets: int) -> None:
        what = ""
        if targets.are_classes and targets.is_constant:
            what = "one class"
        elif getattr(targets, "is_multilabel", targets.n_outputs > 1):
            what = "several labels" if targets.are_classes else "several outputs"
        if what:
            raise ValueError(
                f"scikit-learn's {self._voting.__name__} does not support y with "
                f"{what}. Convert the {n_nets} networks of members_ one by one, with "
                "to_sklearn(strict=False), or fit with n_members=1."
            )

    def _one_of(self, estimators: list) -> Any:
        """Return the one estimator, or a fitted ensemble of several."""
        if len(estimators) == 1:
            return estimators[0]
        named = [(f"net_{k}", each) for k, each in enumerate(estimators, 1)]
        of_classes = is_classifier(self)
        voting = self._voting(named, **({"voting": "soft"} if of_classes else {}))
        voting.estimators_, voting.named_estimators_ = estimators, Bunch(**dict(named))
        if hasattr(estimators[0], "feature_names_in_"):
            voting.feature_names_in_ = estimators[0].feature_names_in_
        if of_classes:
            voting.classes_ = estimators[0].classes_
            voting.le_ = LabelEncoder().fit(voting.classes_)
            for each in estimators:
                _number_classes(each)
        return voting


def _as_mlp(net: BaseMLPRegularized) -> Any:
    """Convert one network, without the training options that scikit-learn lacks."""
    n_rows = round(net.t_ / net._state.time)  # its curve is by checkpoints, not epochs
    return net.to_sklearn(n_samples=n_rows, strict=False)


def _in_pipeline(transformer, estimator) -> Any:
    if transformer is None:
        return estimator
    return Pipeline([("preprocessor", deepcopy(transformer)), ("net", estimator)])


def _number_classes(estimator) -> None:
    """Replace the class labels by the integers that a VotingClassifier encodes."""
    mlp = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    mlp.classes_ = np.arange(len(mlp.classes_))
    complete_fitted_mlp(mlp, is_multilabel=False)
