"""Training: every network of every data set, a block of seeds per job."""


rule train:
    input:
        files_of("train"),


rule tune_learning_rate:
    input:
        dataset=made_by("data", "dataset"),
    output:
        tuning=pattern("tune_learning_rate", "tuning"),
    log:
        log("tune_learning_rate"),
    benchmark:
        timing("tune_learning_rate")
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
        rates=parameter("learning_rates"),
        seeds=seeds,
        start=start,
        compute=compute,
        resume=resume_folder,
    message:
        "Tune the learning rate of {wildcards.name}"
    shell:
        f"python {SCRIPTS}/tune_learning_rate.py"
        " --data {input.dataset:q} --network {params.network:q}"
        " --parameters {params.training:q} --learning-rates {params.rates:q} --seeds {params.seeds:q}"
        " {params.start:q} --work {params.resume:q} --compute {params.compute:q} --output {output.tuning:q} 2> {log:q}"


rule train_networks:
    input:
        dataset=made_by("data", "dataset"),
        tuning=made_by("tuning", "tuning"),
    output:
        metrics=pattern("train_networks", "metrics"),
        checkpoints=directory(pattern("train_networks", "checkpoints")),
    log:
        messages=log("train_networks"),
        cost=cost("train_networks"),
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
        start=start,
        compute=compute,
        resume=resume_folder,
    message:
        "Train {wildcards.name}"
    shell:
        f"python {SCRIPTS}/train_networks.py"
        " --data {input.dataset:q} --network {params.network:q}"
        " --parameters {params.training:q} --tuning {input.tuning:q} --seeds {params.seeds:q}"
        " {params.start:q} --work {params.resume:q} --compute {params.compute:q}"
        " --metrics {output.metrics:q} --checkpoints {output.checkpoints:q} --cost {log.cost:q} 2> {log.messages:q}"
