"""Training: every network of every data set, a block of seeds per job; or what another program trained."""


rule train:
    input:
        files_of("train"),


# Files of either have the same names; a folder tells them apart.
ruleorder: import_networks > train_networks


use rule job as tune_learning_rate with:
    output:
        **makes("tune_learning_rate"),
    log:
        **notes("tune_learning_rate"),
    message:
        "Tune the learning rate of {wildcards.name}"


use rule job as train_networks with:
    output:
        **makes("train_networks"),
    log:
        **notes("train_networks"),
    message:
        "Train {wildcards.name}"


use rule job as import_networks with:
    output:
        **makes("import_networks"),
    log:
        **notes("import_networks"),
    # Files of others are checked before anything else takes its time.
    priority: 1
    message:
        "Import {wildcards.name}"
