"""Pruning: masks from trained networks, training again under them, and the final weights of all networks."""

NETWORKS = PLAN.networks


rule prune:
    input:
        files_of("prune"),


rule make_masks:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("scored", "checkpoints"),
    output:
        mask=pattern("make_masks", "mask"),
        densities=pattern("make_masks", "densities"),
    log:
        log("make_masks"),
    benchmark:
        timing("make_masks")
    group:
        together("masks", of="scored")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=120,
    params:
        builder=builder,
        method=parameter("method"),
        sparsity=parameter("sparsity"),
        scoring=parameter("scoring"),
    message:
        "Make masks for {wildcards.name}"
    shell:
        f"python {SCRIPTS}/make_masks.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --method {params.method:q} --sparsity {params.sparsity:q} --scoring {params.scoring:q}"
        " --mask {output.mask:q} --densities {output.densities:q} 2> {log:q}"


rule retune_learning_rate:
    input:
        dataset=made_by("data", "dataset"),
        mask=made_by("mask", "mask"),
        dense=made_by("dense", "checkpoints"),
    output:
        tuning=pattern("retune_learning_rate", "tuning"),
    log:
        log("retune_learning_rate"),
    benchmark:
        timing("retune_learning_rate")
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
        "Tune the learning rate of {wildcards.name} under its masks"
    shell:
        f"python {SCRIPTS}/tune_learning_rate.py"
        " --data {input.dataset:q} --network {params.network:q}"
        " --parameters {params.training:q} --learning-rates {params.rates:q} --seeds {params.seeds:q}"
        " --dense {input.dense:q} {params.start:q} --mask {input.mask:q} --work {params.resume:q} --compute {params.compute:q}"
        " --output {output.tuning:q} 2> {log:q}"


rule retrain_networks:
    input:
        dataset=made_by("data", "dataset"),
        tuning=made_by("tuning", "tuning"),
        mask=made_by("mask", "mask"),
        dense=made_by("dense", "checkpoints"),
    output:
        metrics=pattern("retrain_networks", "metrics"),
        checkpoints=directory(pattern("retrain_networks", "checkpoints")),
    log:
        messages=log("retrain_networks"),
        cost=cost("retrain_networks"),
    benchmark:
        timing("retrain_networks")
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
        "Retrain {wildcards.name} under its masks"
    shell:
        f"python {SCRIPTS}/train_networks.py"
        " --data {input.dataset:q} --network {params.network:q}"
        " --parameters {params.training:q} --tuning {input.tuning:q} --seeds {params.seeds:q}"
        " --dense {input.dense:q} {params.start:q} --mask {input.mask:q} --work {params.resume:q} --compute {params.compute:q}"
        " --metrics {output.metrics:q} --checkpoints {output.checkpoints:q} --cost {log.cost:q} 2> {log.messages:q}"


rule gather_networks:
    input:
        **inputs_of(NETWORKS),
    output:
        checksums=here(NETWORKS.file("checksums")),
        networks=list(map(here, NETWORKS.results[1:])),
        stamp=here(NETWORKS.stamp),
    log:
        log("gather_networks", NETWORKS.name, NETWORKS.key),
    benchmark:
        timing("gather_networks", NETWORKS.name, NETWORKS.key)
    # A second name for every file: too little for a job of a cluster.
    localrule: True
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        manifest=lambda wildcards, input: manifest_of(NETWORKS, input, networks=NETWORKS.results[1:]),
        folder=lambda wildcards, output: str(Path(output.checksums).parent),
    message:
        "Gather the final weights of all networks"
    shell:
        f"(python {SCRIPTS}/gather_networks.py"
        " --manifest {params.manifest:q} --output {params.folder:q}"
        " && python -m emergence.study.stamps {output.stamp:q} {params.folder:q}) 2> {log:q}"
