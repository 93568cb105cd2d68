"""Landscape: loss and other values on planes and slices through the weights, and from the first to the last."""


rule landscape:
    input:
        files_of("landscape"),


rule sample_landscape:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
    output:
        landscape=pattern("sample_landscape", "landscape"),
    log:
        log("sample_landscape"),
    benchmark:
        timing("sample_landscape")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=240,
        gpu=gpus,
    params:
        where=parameter("landscape"),
        counting=parameter("counting"),
        seeds=seeds,
        compute=compute,
        work=sampled_folder,
    message:
        "Sample the loss landscape of {wildcards.name}"
    shell:
        "python scripts/sample_landscape.py --data {input.dataset} --checkpoints {input.checkpoints}"
        " --parameters {params.where:q} --counting {params.counting:q} --seeds {params.seeds} --compute {params.compute:q} --work {params.work}"
        " --output {output.landscape} 2> {log}"
