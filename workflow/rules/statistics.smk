"""Statistics: all runs joined into one labelled file, and the verdicts on the claims."""

STUDY, CLAIMS = PLAN.of_phase("statistics")


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
        "(python scripts/collect_runs.py --manifest {params.manifest} --accuracy-targets {params.targets:q}"
        " --output {output.study}"
        " && python -m emergence.study.stamps {output.stamp} {output.study}) 2> {log}"


rule judge_claims:
    input:
        **inputs_of(CLAIMS),
    output:
        claims=here(CLAIMS.file("claims")),
        stamp=here(CLAIMS.stamp),
    log:
        log("judge_claims", CLAIMS.name, CLAIMS.key),
    benchmark:
        timing("judge_claims", CLAIMS.name, CLAIMS.key)
    localrule: ELSEWHERE
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=60,
    params:
        parameters=json.dumps(CLAIMS.parameters, sort_keys=True),
    message:
        "Judge the claims"
    shell:
        "(python scripts/judge_claims.py --study {input.study} --parameters {params.parameters:q}"
        " --output {output.claims}"
        " && python -m emergence.study.stamps {output.stamp} {output.claims}) 2> {log}"
