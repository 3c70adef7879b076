"""What came out: the run folder, the comparison of two cases, who gains, and the trace of every number."""
