"""Where training rows come from: each reader yields epochs of mini-batches."""
