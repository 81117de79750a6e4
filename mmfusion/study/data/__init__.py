"""The datasets of the study: planted sequences, CMU-MOSI, own files, and how they are stored."""
