"""Foundation of every room: runs, steps, seeds, files. It imports no other room."""
