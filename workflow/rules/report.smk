"""Report: one self-contained page."""

REPORT = PLAN.report


rule report:
    input:
        files_of("report"),


rule write_report:
    input:
        **inputs_of(REPORT),
    output:
        report=here(REPORT.file("report")),
        stamp=here(REPORT.stamp),
    log:
        log("write_report", REPORT.name, REPORT.key),
    benchmark:
        timing("write_report", REPORT.name, REPORT.key)
    localrule: ELSEWHERE
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=30,
    params:
        manifest=lambda wildcards, input: manifest_of(REPORT, input, records=PLAN.records),
        parameters=json.dumps(REPORT.parameters, sort_keys=True),
    message:
        "Write the report"
    shell:
        f"(python {SCRIPTS}/write_report.py"
        " --manifest {params.manifest:q}"
        " --parameters {params.parameters:q} --output {output.report:q}"
        " && python -m emergence.study.stamps {output.stamp:q} {output.report:q}) 2> {log:q}"
