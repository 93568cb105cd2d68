"""Estimates with intervals, tests, and the verdicts on the claims.

`rules.yaml` says what decides each claim; `claims` holds one file per claim that computes its quantities from a study.
"""

from emergence.core.extras import require

require("workflow", "pandas", "sklearn", "statsmodels", "yaml")
