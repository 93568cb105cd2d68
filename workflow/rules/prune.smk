"""Pruning: masks from trained networks, training again under them, and the final weights of all networks."""

NETWORKS = only("gather_networks")


rule prune:
    input:
        files_of("prune"),


use rule job as make_masks with:
    output:
        **makes("make_masks"),
    log:
        **notes("make_masks"),
    group:
        together("masks", of="scored")
    message:
        "Make masks for {wildcards.name}"


use rule job as retune_learning_rate with:
    output:
        **makes("retune_learning_rate"),
    log:
        **notes("retune_learning_rate"),
    message:
        "Tune the learning rate of {wildcards.name} under its masks"


use rule job as retrain_networks with:
    output:
        **makes("retrain_networks"),
    log:
        **notes("retrain_networks"),
    message:
        "Retrain {wildcards.name} under its masks"


use rule once as gather_networks with:
    input:
        **reads_once(NETWORKS),
    output:
        **makes_once(NETWORKS),
        networks=list(map(here, NETWORKS.results[1:])),
    log:
        **NETWORKS.notes,
    # A second name for every file: too little for a job of a cluster.
    localrule: True
    resources:
        **needs(lambda _: NETWORKS.entry.resources),
    message:
        "Gather the final weights of all networks"
