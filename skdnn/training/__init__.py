"""Training of θ: optimisers, schedules, the compiled loop, L-BFGS."""
