"""What is read off trained networks: metrics, relevance, leakage, eigenvectors, statistics, tables."""
