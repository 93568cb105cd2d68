"""Pruning: masks from the trained weights, and training again from the original initialisation under the mask."""


rule prune:
    input:
        files_of("prune"),


rule make_masks:
    message:
        "Make masks for {wildcards.name}"
    input:
        checkpoints=made_by("dense", "checkpoints"),
    output:
        mask=pattern("make_masks", "mask"),
        densities=pattern("make_masks", "densities"),
    log:
        log("make_masks"),
    benchmark:
        timing("make_masks")
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        parameters=parameters,
    conda:
        "../envs/emergence.yaml"
    shell:
        "python scripts/make_masks.py --checkpoints {input.checkpoints} --parameters {params.parameters:q}"
        " --mask {output.mask} --densities {output.densities} 2> {log}"


rule retrain_networks:
    message:
        "Retrain {wildcards.name} under its masks"
    input:
        dataset=made_by("data", "dataset"),
        mask=made_by("mask", "mask"),
        initial=made_by("dense", "checkpoints"),
    output:
        metrics=pattern("retrain_networks", "metrics"),
        checkpoints=directory(pattern("retrain_networks", "checkpoints")),
    log:
        log("retrain_networks"),
    benchmark:
        timing("retrain_networks")
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
        "python scripts/retrain_networks.py --data {input.dataset} --parameters {params.parameters:q}"
        " --mask {input.mask} --initial {input.initial} --resume {params.resume} --device {params.device}"
        " --metrics {output.metrics} --checkpoints {output.checkpoints} 2> {log}"
