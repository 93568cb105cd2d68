"""Rules of the table that have no block of their own, such as those of an analysis that was added."""

WRITTEN = {rule.name for rule in workflow.rules}

for name in [name for name, rule in RULES.items() if rule.keyed and name not in WRITTEN]:

    rule:
        name:
            name
        input:
            unpack(read_by_key),
        output:
            **makes(name),
        log:
            **notes(name),
        conda:
            "../envs/emergence.yaml"
        threads: 1
        resources:
            **needs(needs_by_key),
        params:
            start=start,
            script=script,
            job=written,
        message:
            f"Do {name} of " "{wildcards.name}"
        shell:
            COMMAND
