"""The market: which flows, prices and rents follow from a problem folder, and how do we know? (Problem -> Solution)

`problem` reads, `formulation` writes the quadratic program, `solve` solves it, `certificate` checks the answer
from the tables alone, `culprit` names what makes a question impossible. Pure functions; no files but in `problem`.
"""
