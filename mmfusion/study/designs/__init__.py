"""Generated data whose truth is stated: nulls without any, planted subsets, and harder ones."""
