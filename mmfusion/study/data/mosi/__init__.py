"""CMU-MOSI: its files, their join, and its splits."""
