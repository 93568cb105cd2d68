"""Training: every network of every data set, a block of seeds per job."""


rule train:
    input:
        files_of("train"),


rule train_networks:
    input:
        dataset=made_by("data", "dataset"),
    output:
        metrics=pattern("train_networks", "metrics"),
        checkpoints=directory(pattern("train_networks", "checkpoints")),
    log:
        log("train_networks"),
    benchmark:
        timing("train_networks")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=720,
        gpu=gpus,
    params:
        network=parameter("network"),
        training=parameter("training"),
        seeds=seeds,
        compute=compute,
        resume=resume_folder,
    message:
        "Train {wildcards.name}"
    shell:
        "python scripts/train_networks.py --data {input.dataset} --network {params.network:q}"
        " --parameters {params.training:q} --seeds {params.seeds} --work {params.resume} --compute {params.compute:q}"
        " --metrics {output.metrics} --checkpoints {output.checkpoints} 2> {log}"
