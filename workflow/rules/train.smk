"""Training: every network of every data set, a block of seeds per job."""


rule train:
    input:
        files_of("train"),


rule train_networks:
    message:
        "Train {wildcards.name}"
    input:
        dataset=made_by("data", "dataset"),
    output:
        metrics=pattern("train_networks", "metrics"),
        checkpoints=directory(pattern("train_networks", "checkpoints")),
    log:
        log("train_networks"),
    benchmark:
        timing("train_networks")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        parameters=parameters,
        device=DEVICE,
        resume=resume_folder,
    conda:
        "../envs/emergence.yaml"
    shell:
        "python scripts/train_networks.py --data {input.dataset} --parameters {params.parameters:q}"
        " --resume {params.resume} --device {params.device}"
        " --metrics {output.metrics} --checkpoints {output.checkpoints} 2> {log}"
