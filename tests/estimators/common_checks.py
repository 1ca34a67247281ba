"""scikit-learn's estimator checks: all, or those that depend on the settings."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

MASKS = "dropout masks are drawn by rows, so a weight is not the same as repeated rows"
SPLIT = (
    "a random dev set is drawn by rows, so a weight is not the same as repeated rows"
)
EQUIVALENCE_CHECKS = (
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
)

# These checks depend on how a network is trained. The others cover what precedes
# training and is the same for all settings: parameters, tags, input validation, feature
# names, shapes.
TRAINING_CHECKS = {
    *EQUIVALENCE_CHECKS,
    "check_class_weight_classifiers",
    "check_classifiers_classes",
    "check_classifiers_multilabel_output_format_decision_function",
    "check_classifiers_multilabel_output_format_predict",
    "check_classifiers_multilabel_output_format_predict_proba",
    "check_classifiers_multilabel_representation_invariance",
    "check_classifiers_one_label",
    "check_classifiers_one_label_sample_weights",
    "check_classifiers_train",
    "check_decision_proba_consistency",
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_estimator_sparse_array",
    "check_estimators_dtypes",
    "check_estimators_overwrite_params",
    "check_estimators_partial_fit_n_features",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit_idempotent",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_non_transformer_estimators_n_iter",
    "check_readonly_memmap_input",
    "check_regressors_int",
    "check_regressors_train",
    "check_sample_weights_not_overwritten",
}


def with_checks(in_full, in_part, excuses):
    """Parametrise a test with (estimator, check).

    Parameters
    ----------
    in_full, in_part : list of estimators
        Estimators for all checks, and for those of training only.
    excuses : list of (estimator, str)
        Why an estimator must fail the two sample-weight equivalence checks.
    """
    cases = []
    for estimator in [*in_full, *in_part]:
        reasons = [reason for excused, reason in excuses if excused is estimator]
        for case in estimator_checks_generator(
            estimator,
            expected_failed_checks={c: r for r in reasons for c in EQUIVALENCE_CHECKS},
            mark="xfail",
        ):
            is_whole = any(whole is estimator for whole in in_full)
            if is_whole or _is_training_check(case):
                cases.append(case)
    return pytest.mark.parametrize(("estimator", "check"), cases, ids=_id)


def _is_training_check(case):
    """Skip checks that are repeated for other dtypes or read-only rows."""
    _, check = getattr(case, "values", case)
    return check.func.__name__ in TRAINING_CHECKS and not check.keywords


def _id(value):
    if hasattr(value, "get_params"):
        return "".join(repr(value).split())
    options = [f"{name}={value}" for name, value in value.keywords.items()]
    return "-".join([value.func.__name__, *options])
