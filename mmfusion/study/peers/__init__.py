"""Other methods of the field behind one contract, for comparison on the same folds and features."""
