"""How often noise is named, how often a planted truth is found, and how good probabilities are.

Words: a *case* is a way to draw data sets, a null without any relation or one with a planted *truth*; a *job*
is one data set of a case, drawn, fitted and read; a *fault* is a deliberate mistake that the rates must show.
"""
