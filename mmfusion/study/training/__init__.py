"""Training jobs of the study and their networks on disk."""
