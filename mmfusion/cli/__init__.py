"""The command ``mmfusion``: which modalities of a file matter, is the file in order, how to begin a study."""
