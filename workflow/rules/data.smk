"""Data: one file per data set, with its split and the scale of its inputs."""


rule data:
    input:
        files_of("data"),


rule prepare_data:
    output:
        dataset=pattern("prepare_data", "dataset"),
    log:
        log("prepare_data"),
    benchmark:
        timing("prepare_data")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=30,
    params:
        dataset=parameter("dataset"),
        split=parameter("data"),
        entry=entry_of_data_set,
        raw=RAW_DATA,
    message:
        "Prepare data set {wildcards.name}"
    shell:
        f"python {SCRIPTS}/prepare_data.py"
        " --dataset {params.dataset:q} --entry {params.entry:q}"
        " --parameters {params.split:q} --raw {params.raw:q} --output {output.dataset:q} 2> {log:q}"
