"""Statistics: all runs joined into one labelled file, and what is concluded from it."""

STUDY = only("collect_runs")
CLAIMS = only("judge_claims")
ROBUSTNESS = only("map_robustness")
RIVALS = only("compare_rivals")
STOPPING = only("compare_stopping")


rule statistics:
    input:
        files_of("statistics"),


use rule job as collect_runs with:
    input:
        **reads_once(STUDY),
    output:
        **makes_once(STUDY),
    log:
        log("collect_runs", STUDY.name, STUDY.key),
    benchmark:
        timing("collect_runs", STUDY.name, STUDY.key)
    group:
        together("statistics")
    localrule: ELSEWHERE
    resources:
        **needs("collect_runs"),
    params:
        **told_once(STUDY),
    message:
        "Join the results of all runs"


use rule job as judge_claims with:
    input:
        **reads_once(CLAIMS),
    output:
        **makes_once(CLAIMS),
    log:
        log("judge_claims", CLAIMS.name, CLAIMS.key),
    benchmark:
        timing("judge_claims", CLAIMS.name, CLAIMS.key)
    group:
        together("statistics")
    localrule: ELSEWHERE
    resources:
        **needs("judge_claims"),
    params:
        **told_once(CLAIMS),
    message:
        "Judge the claims"


use rule job as map_robustness with:
    input:
        **reads_once(ROBUSTNESS),
    output:
        **makes_once(ROBUSTNESS),
    log:
        log("map_robustness", ROBUSTNESS.name, ROBUSTNESS.key),
    benchmark:
        timing("map_robustness", ROBUSTNESS.name, ROBUSTNESS.key)
    group:
        together("statistics")
    localrule: ELSEWHERE
    resources:
        **needs("map_robustness"),
    params:
        **told_once(ROBUSTNESS),
    message:
        "Judge the claims at every choice"


use rule job as compare_rivals with:
    input:
        **reads_once(RIVALS),
    output:
        **makes_once(RIVALS),
    log:
        log("compare_rivals", RIVALS.name, RIVALS.key),
    benchmark:
        timing("compare_rivals", RIVALS.name, RIVALS.key)
    group:
        together("statistics")
    localrule: ELSEWHERE
    resources:
        **needs("compare_rivals"),
    params:
        **told_once(RIVALS),
    message:
        "Compare emergence with other measures"


use rule job as compare_stopping with:
    input:
        **reads_once(STOPPING),
    output:
        **makes_once(STOPPING),
    log:
        log("compare_stopping", STOPPING.name, STOPPING.key),
    benchmark:
        timing("compare_stopping", STOPPING.name, STOPPING.key)
    group:
        together("statistics")
    localrule: ELSEWHERE
    resources:
        **needs("compare_stopping"),
    params:
        **told_once(STOPPING),
    message:
        "Compare rules that stop training"


if PLAN.of_rule("score_measures"):
    SCOREBOARD = only("score_measures")

    use rule job as score_measures with:
        input:
            **reads_once(SCOREBOARD),
        output:
            **makes_once(SCOREBOARD),
        log:
            log("score_measures", SCOREBOARD.name, SCOREBOARD.key),
        benchmark:
            timing("score_measures", SCOREBOARD.name, SCOREBOARD.key)
        group:
            together("statistics")
        localrule: ELSEWHERE
        resources:
            **needs("score_measures"),
        params:
            **told_once(SCOREBOARD),
        message:
            "Score measures by the skills that they see emerge"
