"""Mutual information of continuous variables: estimates from samples, and Gaussians to calibrate them by."""

from emergence.information.estimate import Fit, Information, mutual_information

__all__ = [
    "Fit",
    "Information",
    "mutual_information",
]
