"""The datasets of the study: synthetic ones, CMU-MOSI, files of the user, and how they are stored."""
