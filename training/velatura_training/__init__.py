"""velatura_training: learns a look from painted frames. PyTorch lives here and nowhere else."""
