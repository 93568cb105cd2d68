"""Landscape: the loss on planes, slices and lines, how rugged it is, its curvature, and the minima near by."""


rule landscape:
    input:
        files_of("landscape"),


use rule job as sample_landscape with:
    input:
        **reads("sample_landscape"),
    output:
        **makes("sample_landscape"),
    log:
        log("sample_landscape"),
    benchmark:
        timing("sample_landscape")
    group:
        together("landscape")
    resources:
        **needs("sample_landscape"),
    params:
        **told("sample_landscape"),
    message:
        "Sample the loss landscape of {wildcards.name}"


use rule job as measure_ruggedness with:
    input:
        **reads("measure_ruggedness"),
    output:
        **makes("measure_ruggedness"),
    log:
        log("measure_ruggedness"),
    benchmark:
        timing("measure_ruggedness")
    group:
        together("landscape")
    resources:
        **needs("measure_ruggedness"),
    params:
        **told("measure_ruggedness"),
    message:
        "Measure the ruggedness of the loss landscape of {wildcards.name}"


use rule job as measure_curvature with:
    input:
        **reads("measure_curvature"),
    output:
        **makes("measure_curvature"),
    log:
        log("measure_curvature"),
    benchmark:
        timing("measure_curvature")
    resources:
        **needs("measure_curvature"),
    params:
        **told("measure_curvature"),
    message:
        "Measure the curvature of the loss of {wildcards.name}"


use rule job as find_minima with:
    input:
        **reads("find_minima"),
    output:
        **makes("find_minima"),
    log:
        log("find_minima"),
    benchmark:
        timing("find_minima")
    resources:
        **needs("find_minima"),
    params:
        **told("find_minima"),
    message:
        "Find the minima around the networks of {wildcards.name}"
