"""What every room builds on: runs, steps, seeds, files; it imports no other room."""
