"""What a plate is, by any renderer's channel names: beauty, passes, ids, colour space, matte."""
