"""Who moves θ: optimisers, schedules, the compiled loop, L-BFGS."""
