"""Where samples come from: planted sequences, CMU-MOSI, and the one on-disk contract for both."""
