"""Models without a network that every table needs: constant predictor, linear floor, Bayes rules."""
