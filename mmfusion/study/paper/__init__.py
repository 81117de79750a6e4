"""What an article takes from the study: figures at print size, LaTeX tables, and a text of its methods."""
