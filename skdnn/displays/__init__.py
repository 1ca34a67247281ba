"""Pictures, as scikit-learn's displays: matplotlib is imported when one is drawn."""
