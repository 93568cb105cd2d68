"""What is claimed about speed and about systems with known answers, measured."""
