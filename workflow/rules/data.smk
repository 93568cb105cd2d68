"""Data: one file per data set, with its split and the scale of its inputs."""


rule data:
    input:
        files_of("data"),


use rule job as prepare_data with:
    output:
        **makes("prepare_data"),
    log:
        **notes("prepare_data"),
    message:
        "Prepare data set {wildcards.name}"
