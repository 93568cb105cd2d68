"""Emergence: paths counted and other measures taken at every checkpoint, all checkpoints of a run in one job."""


rule emergence:
    input:
        files_of("emergence"),


rule count_paths:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
    output:
        emergence=pattern("count_paths", "emergence"),
    log:
        log("count_paths"),
    benchmark:
        timing("count_paths")
    group:
        together("measures")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=240,
        gpu=gpus,
    params:
        builder=builder,
        parameters=all_parameters,
        compute=compute,
    message:
        "Count the paths of {wildcards.name}"
    shell:
        f"python {SCRIPTS}/count_paths.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --parameters {params.parameters:q} --compute {params.compute:q} --output {output.emergence:q} 2> {log:q}"


rule apply_measures:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
    output:
        measures=pattern("apply_measures", "measures"),
    log:
        log("apply_measures"),
    benchmark:
        timing("apply_measures")
    group:
        together("measures")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=240,
        gpu=gpus,
    params:
        builder=builder,
        parameters=all_parameters,
        compute=compute,
    message:
        "Apply other measures to {wildcards.name}"
    shell:
        f"python {SCRIPTS}/apply_measures.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --parameters {params.parameters:q} --compute {params.compute:q} --output {output.measures:q} 2> {log:q}"


rule measure_skills:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
    output:
        skills=pattern("measure_skills", "skills"),
    log:
        log("measure_skills"),
    benchmark:
        timing("measure_skills")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=120,
        gpu=gpus_to_examine,
    params:
        builder=builder,
        parameters=all_parameters,
        compute=compute,
    message:
        "Measure what {wildcards.name} knows of what there is to learn"
    shell:
        f"python {SCRIPTS}/measure_skills.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --parameters {params.parameters:q} --compute {params.compute:q} --output {output.skills:q} 2> {log:q}"


rule compare_controls:
    input:
        dataset=made_by("data", "dataset"),
        checkpoints=made_by("training", "checkpoints"),
    output:
        controls=pattern("compare_controls", "controls"),
    log:
        log("compare_controls"),
    benchmark:
        timing("compare_controls")
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=120,
        gpu=gpus,
    params:
        builder=builder,
        parameters=all_parameters,
        compute=compute,
    message:
        "Compare {wildcards.name} with its controls"
    shell:
        f"python {SCRIPTS}/compare_controls.py"
        " --data {input.dataset:q} --checkpoints {input.checkpoints:q}"
        " --builder {params.builder:q}"
        " --parameters {params.parameters:q} --compute {params.compute:q} --output {output.controls:q} 2> {log:q}"
