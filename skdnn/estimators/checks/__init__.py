"""Input checks, whose messages name the remedy."""
