"""Figures: one rule per figure of the catalogue, named after it."""


rule figures:
    input:
        files_of("figures"),


for figure in PLAN.of_phase("figures"):

    rule:
        name:
            f"draw_{figure.name}"
        input:
            **inputs_of(figure),
        output:
            png=report(
                here(figure.file("png")),
                caption=f"../captions/{figure.name}.rst",
                category="Figures",
                labels={"figure": figure.name.replace("_", " ")},
            ),
            others=list(map(here, figure.results[1:])),
            stamp=here(figure.stamp),
        log:
            log(figure.rule, figure.name, figure.key),
        benchmark:
            timing(figure.rule, figure.name, figure.key)
        group:
            together("figures")
        localrule: ELSEWHERE
        conda:
            "../envs/emergence.yaml"
        threads: 1
        resources:
            mem_mb=memory(2000),
            runtime=30,
        params:
            figure=figure.name,
            parameters=json.dumps(figure.parameters, sort_keys=True),
            manifest=lambda wildcards, input, figure=figure: manifest_of(figure, input),
        message:
            f"Draw {figure.name}"
        shell:
            f"(python {SCRIPTS}/draw_figure.py"
            " --figure {params.figure:q} --parameters {params.parameters:q}"
            " --manifest {params.manifest:q} --files {output.png:q} {output.others:q}"
            " && python -m emergence.study.stamps {output.stamp:q} {output.png:q} {output.others:q}) 2> {log:q}"
