"""Estimators in the style of scikit-learn: which modalities, and combinations of them, matter."""
