"""Training of many small networks: samples, network, stack, loop, optimiser, and the file of networks."""
