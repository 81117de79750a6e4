"""The configuration of a study: typed settings, and sentences about mistakes in them."""
