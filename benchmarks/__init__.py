"""What skdnn costs, beside the floor and beside others: ``python -m benchmarks``."""
