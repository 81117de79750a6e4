"""What is measured on trained networks: relevance, reducibility, losses, intervals."""
