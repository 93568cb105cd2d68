"""Landscape: the loss on planes, slices and lines, how rugged it is, its curvature, and the minima near by."""


rule landscape:
    input:
        files_of("landscape"),


use rule job as sample_landscape with:
    output:
        **makes("sample_landscape"),
    log:
        **notes("sample_landscape"),
    group:
        together("landscape")
    message:
        "Sample the loss landscape of {wildcards.name}"


use rule job as measure_ruggedness with:
    output:
        **makes("measure_ruggedness"),
    log:
        **notes("measure_ruggedness"),
    group:
        together("landscape")
    message:
        "Measure the ruggedness of the loss landscape of {wildcards.name}"


use rule job as measure_curvature with:
    output:
        **makes("measure_curvature"),
    log:
        **notes("measure_curvature"),
    message:
        "Measure the curvature of the loss of {wildcards.name}"


use rule job as find_minima with:
    output:
        **makes("find_minima"),
    log:
        **notes("find_minima"),
    message:
        "Find the minima around the networks of {wildcards.name}"
