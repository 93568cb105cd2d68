"""Landscape: the loss on planes, slices and lines, how rugged it is, its curvature, and the minima near by."""


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
    group:
        together("landscape")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=240,
        gpu=gpus,
    params:
        builder=builder,
        where=parameter("landscape"),
        counting=parameter("counting"),
        seeds=seeds,
        compute=compute,
        work=sampled_folder,
    message:
        "Sample the loss landscape of {wildcards.name}"
    shell:
        f"python {SCRIPTS}/sample_landscape.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --parameters {params.where:q} --counting {params.counting:q} --seeds {params.seeds:q} --compute {params.compute:q} --work {params.work:q}"
        " --output {output.landscape:q} 2> {log:q}"


rule measure_ruggedness:
    input:
        landscape=made_by("landscape", "landscape"),
    output:
        ruggedness=pattern("measure_ruggedness", "ruggedness"),
    log:
        log("measure_ruggedness"),
    benchmark:
        timing("measure_ruggedness")
    group:
        together("landscape")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=60,
    params:
        settings=parameter("ruggedness"),
    message:
        "Measure the ruggedness of the loss landscape of {wildcards.name}"
    shell:
        f"python {SCRIPTS}/measure_ruggedness.py"
        " --landscape {input.landscape:q} --parameters {params.settings:q}"
        " --output {output.ruggedness:q} 2> {log:q}"


rule measure_curvature:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
    output:
        curvature=pattern("measure_curvature", "curvature"),
    log:
        log("measure_curvature"),
    benchmark:
        timing("measure_curvature")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(8000),
        runtime=240,
        gpu=gpus,
    params:
        builder=builder,
        settings=parameter("curvature"),
        seeds=seeds,
        steps=steps,
        compute=compute,
    message:
        "Measure the curvature of the loss of {wildcards.name}"
    shell:
        f"python {SCRIPTS}/measure_curvature.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --parameters {params.settings:q} --seeds {params.seeds:q} --steps {params.steps:q} --compute {params.compute:q}"
        " --output {output.curvature:q} 2> {log:q}"


rule find_minima:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
        metrics=made_by("training", "metrics"),
    output:
        minima=pattern("find_minima", "minima"),
    log:
        log("find_minima"),
    benchmark:
        timing("find_minima")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(8000),
        runtime=480,
        gpu=gpus,
    params:
        builder=builder,
        settings=parameter("minima"),
        seeds=seeds,
        steps=steps,
        compute=compute,
    message:
        "Find the minima around the networks of {wildcards.name}"
    shell:
        f"python {SCRIPTS}/find_minima.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --metrics {input.metrics:q} --parameters {params.settings:q} --seeds {params.seeds:q} --steps {params.steps:q}"
        " --compute {params.compute:q} --output {output.minima:q} 2> {log:q}"
