"""Report: one self-contained page."""

REPORT = only("write_report")


rule report:
    input:
        files_of("report"),


use rule job as write_report with:
    input:
        **reads_once(REPORT),
    output:
        **makes_once(REPORT),
    log:
        log("write_report", REPORT.name, REPORT.key),
    benchmark:
        timing("write_report", REPORT.name, REPORT.key)
    localrule: ELSEWHERE
    resources:
        **needs("write_report"),
    params:
        **told_once(REPORT),
    message:
        "Write the report"
