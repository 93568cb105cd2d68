"""Emergence: paths counted and other measures taken at every checkpoint, all checkpoints of a run in one job."""


rule emergence:
    input:
        files_of("emergence"),


use rule job as count_paths with:
    output:
        **makes("count_paths"),
    log:
        **notes("count_paths"),
    group:
        together("measures")
    message:
        "Count the paths of {wildcards.name}"


use rule job as apply_measures with:
    output:
        **makes("apply_measures"),
    log:
        **notes("apply_measures"),
    group:
        together("measures")
    message:
        "Apply other measures to {wildcards.name}"


use rule job as measure_skills with:
    output:
        **makes("measure_skills"),
    log:
        **notes("measure_skills"),
    message:
        "Measure how well {wildcards.name} knows what there is to learn"


use rule job as compare_controls with:
    output:
        **makes("compare_controls"),
    log:
        **notes("compare_controls"),
    message:
        "Compare {wildcards.name} with its controls"
