"""Training: settings, solvers, the loop over epochs, and the state and history of a run."""
