"""The report: verdicts, figures, parameters, versions and times on one page that needs no network."""
