"""Training: the loop over seeds, optimisers, the schedule of checkpoints."""
