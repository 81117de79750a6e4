"""The figures of the study, drawn from its tidy tables."""
