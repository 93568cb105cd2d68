"""Report: one self-contained page."""

REPORT = only("write_report")


rule report:
    input:
        files_of("report"),


use rule once as write_report with:
    input:
        **reads_once(REPORT),
    output:
        **makes_once(REPORT),
    log:
        **REPORT.notes,
    resources:
        **needs(lambda _: REPORT.entry.resources),
    message:
        "Write the report"
