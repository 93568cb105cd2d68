"""What parameters are checked for when they are read, beyond the type and range of each: names, sizes, what fits."""
