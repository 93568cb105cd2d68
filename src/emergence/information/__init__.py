"""Mutual information of continuous variables: estimates from samples, and Gaussians to calibrate them by."""

from emergence.information.estimate import Fit, Information, mutual_information, permutation_null
from emergence.information.gaussian import correlated_gaussians, gaussian_information
from emergence.information.shots import demonstrations

__all__ = [
    "Fit",
    "Information",
    "correlated_gaussians",
    "demonstrations",
    "gaussian_information",
    "mutual_information",
    "permutation_null",
]
