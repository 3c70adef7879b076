"""How near does the model come to years that are known? (world + year -> solved year -> series beside actuals -> fit)

`year` poses and solves one past year with nothing but what was exogenous then; `series` reads published series out of
it; `score` compares; `fit` moves uncertain costs, frictions and conduct inside their priors. Not here: files of results
and what is printed (`commands/`).
"""
