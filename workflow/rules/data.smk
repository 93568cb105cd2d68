"""Data: one file per data set, with its split and the scale of its inputs."""


rule data:
    input:
        files_of("data"),


rule prepare_data:
    message:
        "Prepare data set {wildcards.name}"
    output:
        dataset=pattern("prepare_data", "dataset"),
    log:
        log("prepare_data"),
    benchmark:
        timing("prepare_data")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        parameters=parameters,
        raw=RAW_DATA,
    conda:
        "../envs/emergence.yaml"
    shell:
        "python scripts/prepare_data.py --parameters {params.parameters:q} --raw {params.raw}"
        " --output {output.dataset} 2> {log}"
