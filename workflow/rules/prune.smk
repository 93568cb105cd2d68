"""Pruning: masks from trained networks, training again under them, and the final weights of all networks."""

NETWORKS = only("gather_networks")


rule prune:
    input:
        files_of("prune"),


use rule job as make_masks with:
    input:
        **reads("make_masks"),
    output:
        **makes("make_masks"),
    log:
        log("make_masks"),
    benchmark:
        timing("make_masks")
    group:
        together("masks", of="scored")
    resources:
        **needs("make_masks"),
    params:
        **told("make_masks"),
    message:
        "Make masks for {wildcards.name}"


use rule job as retune_learning_rate with:
    input:
        **reads("retune_learning_rate"),
    output:
        **makes("retune_learning_rate"),
    log:
        log("retune_learning_rate"),
    benchmark:
        timing("retune_learning_rate")
    resources:
        **needs("retune_learning_rate"),
    params:
        **told("retune_learning_rate"),
    message:
        "Tune the learning rate of {wildcards.name} under its masks"


use rule job as retrain_networks with:
    input:
        **reads("retrain_networks"),
    output:
        **makes("retrain_networks"),
    log:
        messages=log("retrain_networks"),
        cost=cost("retrain_networks"),
    benchmark:
        timing("retrain_networks")
    resources:
        **needs("retrain_networks"),
    params:
        **told("retrain_networks"),
    message:
        "Retrain {wildcards.name} under its masks"


use rule job as gather_networks with:
    input:
        **reads_once(NETWORKS),
    output:
        **makes_once(NETWORKS),
        networks=list(map(here, NETWORKS.results[1:])),
    log:
        log("gather_networks", NETWORKS.name, NETWORKS.key),
    benchmark:
        timing("gather_networks", NETWORKS.name, NETWORKS.key)
    # A second name for every file: too little for a job of a cluster.
    localrule: True
    resources:
        **needs("gather_networks"),
    params:
        **told_once(NETWORKS),
    message:
        "Gather the final weights of all networks"
