"""Statistics: all runs joined into one labelled file, and what is concluded from it; first what takes longest."""

STUDY = only("collect_runs")
CLAIMS = only("judge_claims")
ROBUSTNESS = only("map_robustness")
RIVALS = only("compare_rivals")
STOPPING = only("compare_stopping")
METRICS = only("write_metrics")


rule statistics:
    input:
        files_of("statistics"),


use rule once as collect_runs with:
    input:
        **reads_once(STUDY),
    output:
        **makes_once(STUDY),
    log:
        **STUDY.notes,
    group:
        together("statistics")
    message:
        "Join the results of all runs"


use rule once as judge_claims with:
    input:
        **reads_once(CLAIMS),
    output:
        **makes_once(CLAIMS),
    log:
        **CLAIMS.notes,
    priority: 1
    group:
        together("statistics")
    message:
        "Judge the claims"


use rule once as map_robustness with:
    input:
        **reads_once(ROBUSTNESS),
    output:
        **makes_once(ROBUSTNESS),
    log:
        **ROBUSTNESS.notes,
    priority: 1
    group:
        together("statistics")
    message:
        "Judge the claims at every choice"


use rule once as compare_rivals with:
    input:
        **reads_once(RIVALS),
    output:
        **makes_once(RIVALS),
    log:
        **RIVALS.notes,
    group:
        together("statistics")
    message:
        "Compare emergence with other measures"


use rule once as compare_stopping with:
    input:
        **reads_once(STOPPING),
    output:
        **makes_once(STOPPING),
    log:
        **STOPPING.notes,
    group:
        together("statistics")
    message:
        "Compare rules that stop training"


use rule once as write_metrics with:
    input:
        **reads_once(METRICS),
    output:
        **makes_once(METRICS),
    log:
        **METRICS.notes,
    group:
        together("statistics")
    message:
        "Write the metrics that DVC compares"


if PLAN.of_rule("score_measures"):
    SCOREBOARD = only("score_measures")

    use rule once as score_measures with:
        input:
            **reads_once(SCOREBOARD),
        output:
            **makes_once(SCOREBOARD),
        log:
            **SCOREBOARD.notes,
        group:
            together("statistics")
        message:
            "Score measures by the skills that they see emerge"
