"""Base rules: of jobs in a folder with a key, and of jobs that a study has once."""


rule job:
    input:
        unpack(read_by_key),
    log:
        log="logs/job.log",
    conda:
        "../envs/emergence.yaml"
    threads: 1
    resources:
        **needs(needs_by_key),
    params:
        start=start,
        script=script,
        job=written,
    shell:
        COMMAND


use rule job as once with:
    log:
        log="logs/once.log",
    localrule: ELSEWHERE
    resources:
        **needs(lambda _: Needed()),
