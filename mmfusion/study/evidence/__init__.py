"""How the estimators do on data that nobody drew for them, beside what else one would use."""
