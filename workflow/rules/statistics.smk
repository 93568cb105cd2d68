"""Statistics: all runs joined into one labelled file, and what is concluded from it, one rule each."""

STUDY, *CONCLUSIONS = PLAN.of_phase("statistics")


rule statistics:
    input:
        files_of("statistics"),


rule collect_runs:
    input:
        **inputs_of(STUDY),
    output:
        study=here(STUDY.file("study")),
        stamp=here(STUDY.stamp),
    log:
        log("collect_runs", STUDY.name, STUDY.key),
    benchmark:
        timing("collect_runs", STUDY.name, STUDY.key)
    group:
        together("statistics")
    localrule: ELSEWHERE
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        manifest=lambda wildcards, input: manifest_of(STUDY, input),
        targets=json.dumps(STUDY.parameters["accuracy_targets"]),
    message:
        "Join the results of all runs"
    shell:
        f"(python {SCRIPTS}/collect_runs.py"
        " --manifest {params.manifest:q} --accuracy-targets {params.targets:q}"
        " --output {output.study:q}"
        " && python -m emergence.study.stamps {output.stamp:q} {output.study:q}) 2> {log:q}"


for conclusion in CONCLUSIONS:

    rule:
        name:
            conclusion.rule
        input:
            **inputs_of(conclusion),
        output:
            conclusion=here(conclusion.results[0]),
            stamp=here(conclusion.stamp),
        log:
            log(conclusion.rule, conclusion.name, conclusion.key),
        benchmark:
            timing(conclusion.rule, conclusion.name, conclusion.key)
        group:
            together("statistics")
        localrule: ELSEWHERE
        conda:
            "../envs/emergence.yaml"
        threads: 1
        resources:
            mem_mb=memory(4000),
            runtime=60,
        params:
            script=conclusion.rule,
            parameters=json.dumps(conclusion.parameters, sort_keys=True),
        message:
            f"Conclude from all runs: {conclusion.name}"
        shell:
            f"(python {SCRIPTS}/"
            "{params.script:q}.py --study {input.study:q} --parameters {params.parameters:q}"
            " --output {output.conclusion:q}"
            " && python -m emergence.study.stamps {output.stamp:q} {output.conclusion:q}) 2> {log:q}"
