"""Training: every network of every data set, a block of seeds per job."""


rule train:
    input:
        files_of("train"),


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
