"""Figures: one rule per figure of the catalogue, named after it."""


rule figures:
    input:
        files_of("figures"),


for figure in PLAN.of_phase("figures"):

    rule:
        name:
            f"draw_{figure.name.replace('.', '_')}"
        input:
            **reads_once(figure),
        output:
            **{name: path for name, path in makes_once(figure).items() if name != "png"},
            png=report(
                here(figure.file("png")),
                category="Figures",
                labels={"figure": figure.name.replace("_", " ")},
            ),
        log:
            **figure.notes,
        group:
            together("figures")
        localrule: ELSEWHERE
        conda:
            "../envs/emergence.yaml"
        threads: 1
        resources:
            **needs(lambda _, job=figure: job.entry.resources),
        params:
            start=start,
            script=script,
            job=written,
        message:
            f"Draw {figure.name}"
        shell:
            COMMAND
