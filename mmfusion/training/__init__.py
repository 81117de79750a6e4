"""Training of many small networks: the network, the loop and its checkpoints."""
