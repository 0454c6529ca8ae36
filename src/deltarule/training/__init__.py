"""How θ moves, epoch by epoch: settings, solvers, the loop, what a run remembers."""
