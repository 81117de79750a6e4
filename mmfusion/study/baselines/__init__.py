"""Rows that every table needs beside the networks: constant, linear floor and Bayes accuracy."""
