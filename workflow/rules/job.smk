"""What the rules of all jobs share."""


rule job:
    log:
        "logs/job.log",
    conda:
        "../envs/emergence.yaml"
    threads: 1
    params:
        script="",
        job="",
    shell:
        COMMAND
