"""The table of rules: every kind of job of the workflow, in its order. All that the plan knows of jobs stands here."""

from emergence.drawing.catalogue import entry_of
from emergence.parameters import Parameters
from emergence.study import amounts as much
from emergence.study import conditions as given
from emergence.study import sources as of
from emergence.study.layout import STUDY_FOLDER
from emergence.study.rules import Resources, Rule, Setting, Source, always

TRAINED_HERE = ("train_networks", "retrain_networks")
TRAINED = (*TRAINED_HERE, "import_networks")
DRAWN = ("draw_figure", "animate_figure")
RESUMED = (*TRAINED_HERE, "tune_learning_rate", "retune_learning_rate")
"""Rules whose jobs go on where training was ended, whatever its number of epochs."""


DATA = {"data": Source(("prepare_data",), of.its_data)}
CHECKPOINTS = {**DATA, "training": Source(TRAINED, of.itself, ("checkpoints",))}
STUDY = {"study": Source(("collect_runs",), of.once("study"))}

BUILDER = ("networks.{network}.builder", "networks.{network}.model")
NETWORK = (
    "networks.{network}",
    Setting("training", without=("optimizer.learning_rate", "epochs", "checkpoints", "inhibition.way", "l1_penalty")),
    Setting("training.inhibition.way", when=given.unless(given.is_inhibited)),
    Setting("training.l1_penalty", when=given.unless(given.is_penalised)),
    Setting("pruning.l1_penalty", when=given.is_penalised),
)
TRAINING = (
    *NETWORK,
    "training.epochs",
    "training.checkpoints",
    Setting("training.optimizer.learning_rate", when=given.unless(given.is_tuned)),
)
TUNING = (*NETWORK, "tuning.learning_rates", "tuning.epochs")
START = (
    Setting("pruning.rewind_to", when=given.is_rewound),
    Setting("pruning.gradual_until", when=given.is_pruned_in_training),
)
PRUNED = {
    **DATA,
    "mask": Source(("make_masks",), of.its_masked, ("mask",)),
    "dense": Source(("train_networks",), of.its_dense, ("checkpoints",)),
}
COUNTING = (
    "statistics.reference_threshold",
    "statistics.reference_criterion",
    "statistics.reference_through",
    "emergence.fraction",
)
ESTIMATION = Setting(
    "statistics", without=("resamples", "seed", "accuracy_targets", "read_out", "early_share", "early_shares")
)
SKILLS = ("scoreboard.samples", "scoreboard.seed")
LOOK = (Setting("figures", without=("own",)), ESTIMATION, "ruggedness.noise_floor")

OF_RUNS = (
    Rule(
        "prepare_data",
        phase="data",
        folder="data/processed",
        files={"dataset": "dataset.nc"},
        settings=(
            Setting("data", without=("sets",)),
            Setting("data.sets.{dataset}", unkeyed=given.not_of_samples),
        ),
        modules=given.loading,
        resources=Resources(minutes=30),
        amount=much.preparing,
    ),
    Rule(
        "tune_learning_rate",
        phase="train",
        folder="results/train/tuning",
        files={"tuning": "tuning.nc"},
        reads=DATA,
        settings=TUNING,
        modules=given.building,
        applies=given.is_trained_here,
        resources=Resources(minutes=720, gpu=True),
        amount=much.tuning,
    ),
    Rule(
        "train_networks",
        phase="train",
        folder="results/train",
        files={"metrics": "metrics.nc", "checkpoints": "checkpoints"},
        reads={**DATA, "tuning": Source(("tune_learning_rate",), of.its_tuned)},
        settings=TRAINING,
        modules=given.building,
        applies=given.is_trained_here,
        resources=Resources(minutes=720, gpu=True),
        amount=much.training,
    ),
    Rule(
        "import_networks",
        phase="train",
        folder="results/train/imported",
        files={"metrics": "metrics.nc", "checkpoints": "checkpoints"},
        reads=DATA,
        settings=("networks.{network}",),
        derived=given.saved_elsewhere,
        modules=given.building,
        applies=given.is_trained_elsewhere,
        resources=Resources(minutes=240, gpu=True),
        amount=much.saved,
    ),
    Rule(
        "make_masks",
        phase="prune",
        folder="results/prune/masks",
        files={"mask": "mask.safetensors", "densities": "densities.nc"},
        reads={**DATA, "scored": Source(TRAINED, of.its_scored, ("checkpoints",))},
        settings=(*BUILDER, Setting("pruning.scoring", only=given.scoring_keys)),
        modules=given.pruning,
        resources=Resources(memory=2000, minutes=120),
        amount=much.saved,
    ),
    Rule(
        "retune_learning_rate",
        phase="prune",
        folder="results/prune/tuning",
        files={"tuning": "tuning.nc"},
        reads=PRUNED,
        settings=(*TUNING, *START),
        modules=given.building_and_pruning,
        applies=given.is_pruned,
        script="tune_learning_rate",
        resources=Resources(minutes=720, gpu=True),
        amount=much.tuning,
    ),
    Rule(
        "retrain_networks",
        phase="prune",
        folder="results/prune/runs",
        files={"metrics": "metrics.nc", "checkpoints": "checkpoints"},
        reads={**PRUNED, "tuning": Source(("tune_learning_rate", "retune_learning_rate"), of.its_tuned)},
        settings=(*TRAINING, *START),
        modules=given.building_and_pruning,
        applies=given.is_pruned,
        script="train_networks",
        resources=Resources(minutes=720, gpu=True),
        amount=much.training,
    ),
    Rule(
        "gather_networks",
        phase="prune",
        folder=f"{STUDY_FOLDER}/networks",
        files={"checksums": "checksums.json"},
        reads={"training": Source(TRAINED, of.every, ("checkpoints",))},
        keyed=False,
        of_each="{run}.safetensors",
        resources=Resources(memory=2000),
        amount=much.joining,
    ),
    Rule(
        "count_paths",
        phase="emergence",
        folder="results/emergence/paths",
        files={"emergence": "emergence.nc"},
        reads=CHECKPOINTS,
        settings=(*BUILDER, "emergence"),
        modules=given.building,
        resources=Resources(minutes=240, gpu=True),
        amount=much.counting,
    ),
    Rule(
        "apply_measures",
        phase="emergence",
        folder="results/emergence/measures",
        files={"measures": "measures.nc"},
        reads=CHECKPOINTS,
        settings=(*BUILDER, "measures.names"),
        modules=given.measuring,
        parts=given.measured,
        resources=Resources(minutes=240, gpu=True),
        amount=much.measuring,
    ),
    Rule(
        "measure_skills",
        phase="emergence",
        folder="results/emergence/skills",
        files={"skills": "skills.nc"},
        reads=CHECKPOINTS,
        settings=(*BUILDER, "data.sets.{dataset}", *SKILLS),
        modules=given.examining,
        applies=given.is_examined,
        resources=Resources(minutes=120, gpu=True),
        amount=much.examining,
    ),
    Rule(
        "compare_controls",
        phase="emergence",
        folder="results/emergence/controls",
        files={"controls": "controls.nc"},
        reads=CHECKPOINTS,
        settings=(*BUILDER, "controls", *COUNTING),
        modules=given.building,
        resources=Resources(minutes=120, gpu=True),
        amount=much.controlling,
    ),
    Rule(
        "sample_landscape",
        phase="landscape",
        folder="results/landscape",
        files={"landscape": "landscape.nc"},
        reads=CHECKPOINTS,
        settings=(
            *BUILDER,
            Setting("landscape", without=("seeds", "masks", "planes", "metrics")),
            *(Setting(key, when=given.samples_emergence) for key in COUNTING),
        ),
        derived=given.sampled_places,
        modules=given.sampling,
        applies=given.is_sampled,
        resources=Resources(minutes=240, gpu=True),
        amount=much.sampling,
    ),
    Rule(
        "measure_ruggedness",
        phase="landscape",
        folder="results/landscape/ruggedness",
        files={"ruggedness": "ruggedness.nc"},
        reads={"landscape": Source(("sample_landscape",), of.itself)},
        settings=("ruggedness",),
        applies=given.is_sampled,
        resources=Resources(memory=2000),
        amount=much.sampling,
    ),
    Rule(
        "measure_curvature",
        phase="landscape",
        folder="results/landscape/curvature",
        files={"curvature": "curvature.nc"},
        reads=CHECKPOINTS,
        settings=(*BUILDER, "curvature", "landscape.steps"),
        derived=given.sampled_seeds,
        modules=given.building,
        applies=given.is_sampled,
        resources=Resources(memory=8000, minutes=240, gpu=True),
        amount=much.curvature,
    ),
    Rule(
        "find_minima",
        phase="landscape",
        folder="results/landscape/minima",
        files={"minima": "minima.nc"},
        reads={**DATA, "training": Source(TRAINED, of.itself)},
        settings=(*BUILDER, "minima", "landscape.steps"),
        derived=given.sampled_seeds,
        modules=given.building,
        applies=given.is_trained_on,
        resources=Resources(memory=8000, minutes=480, gpu=True),
        amount=much.minima,
    ),
)

JOINED = {
    "metrics": Source(TRAINED, of.every, ("metrics",)),
    "emergence": Source(("count_paths",), of.every),
    "measures": Source(("apply_measures",), of.measured),
    "controls": Source(("compare_controls",), of.dense),
    "skills": Source(("measure_skills",), of.examined),
    "ruggedness": Source(("measure_ruggedness",), of.compared),
    "curvature": Source(("measure_curvature",), of.sampled),
    "minima": Source(("find_minima",), of.sampled),
}


CONCLUSIONS: dict[str, tuple[str, tuple[str | Setting, ...]]] = {
    "judge_claims": ("claims", ("statistics",)),
    "map_robustness": ("robustness", ("statistics",)),
    "compare_rivals": ("rivals", (ESTIMATION, "measures.names")),
    "compare_stopping": ("stopping", (ESTIMATION, "stopping")),
    "score_measures": (
        "scoreboard",
        (ESTIMATION, Setting("scoreboard", without=("samples",)), "measures.names"),
    ),
}
"""Conclusions from the joined study: rule -> name of its file, and its settings."""

OF_STUDY = (
    Rule(
        "collect_runs",
        phase="statistics",
        folder=f"{STUDY_FOLDER}/statistics",
        files={"study": "study.nc"},
        reads=JOINED,
        settings=("statistics.accuracy_targets",),
        keyed=False,
        amount=much.joining,
    ),
    *(
        Rule(
            rule,
            phase="statistics",
            folder=STUDY_FOLDER if name == "claims" else f"{STUDY_FOLDER}/statistics",
            files={name: "claims.json" if name == "claims" else f"{name}.nc"},
            reads=STUDY,
            settings=settings,
            derived=given.judging if name == "claims" else given.way_of_reference,
            applies=given.has_skills if name == "scoreboard" else always,
            keyed=False,
            amount=much.joining,
        )
        for rule, (name, settings) in CONCLUSIONS.items()
    ),
    Rule(
        "write_metrics",
        phase="statistics",
        folder=f"{STUDY_FOLDER}/metrics",
        files={name: f"{name}.json" for name in ("verdicts", "effects", "choices")},
        reads={
            "claims": Source(("judge_claims",), of.once("claims")),
            "robustness": Source(("map_robustness",), of.once("robustness")),
        },
        keyed=False,
    ),
)

DRAWABLE = {
    **STUDY,
    **{name: Source((rule,), of.once(name)) for rule, (name, _) in CONCLUSIONS.items()},
    "emergence": Source(("count_paths",), of.reference),
    "landscape": Source(("sample_landscape",), of.sampled),
    "training": Source(TRAINED, of.sampled, ("metrics",)),
    "dense": Source(TRAINED, of.dense, ("metrics",)),
    "pruned": Source(TRAINED, of.pruned, ("metrics",)),
    "retrained": Source(("retrain_networks",), of.retrained, ("metrics",)),
    "skills": Source(("measure_skills",), of.skilled),
    "skills_over_data": Source(("measure_skills",), of.over_data),
    "skills_over_width": Source(("measure_skills",), of.over_width),
    "random_features": Source(TRAINED, of.random_features, ("metrics",)),
    "language": Source(("measure_skills",), of.language),
    "inhibition": Source(TRAINED, of.inhibited, ("metrics",)),
    "tuning": Source(("tune_learning_rate", "retune_learning_rate"), of.tuned),
    "densities": Source(("make_masks",), of.masked, ("densities",)),
}
"""Inputs that a figure can name. It is drawn where there is some of all that it needs: `pruned` only where networks are
pruned, `retrained` only where they are trained again from several weights, `scoreboard` where a data set has skills
to learn, `random_features` only where networks of this kind have several widths, `language` only where one is a
language, `skills_over_data` only where a network learns the same skills from data sets of several sizes. `study`, or
else `training` or `dense`, tells which networks diverged.
"""


def drawn_from(figure: str) -> dict[str, Source]:
    """Return what a figure is drawn from; ValueError for a need that nothing makes."""
    needs = entry_of(figure).needs
    for need in sorted(set(needs) - set(DRAWABLE)):
        raise ValueError(f"figures/{figure}.py needs {need}; allowed: {', '.join(DRAWABLE)}")
    return {need: DRAWABLE[need] for need in needs}


FORMS = {form: f"{form}/{{name}}.{form}" for form in ("png", "svg", "pdf")}

FIGURES = tuple(
    Rule(
        name,
        phase="figures",
        folder=f"{STUDY_FOLDER}/figures",
        files=files,
        reads=drawn_from,
        settings=LOOK,
        derived=given.look_of_reference,
        modules=given.drawing,
        applies=applies,
        keyed=False,
        needs_all=True,
        script="draw_figure",
        resources=Resources(memory=2000, minutes=30),
        amount=much.joining,
    )
    for name, applies, files in (
        ("draw_figure", given.unless(given.is_animated), FORMS),
        ("animate_figure", given.is_animated, {**FORMS, "gif": "gif/{name}.gif"}),
    )
)

REPORT = Rule(
    "write_report",
    phase="report",
    folder=STUDY_FOLDER,
    files={"report": "report.html"},
    reads={
        **{name: DRAWABLE[name] for name in ("study", *(name for name, _ in CONCLUSIONS.values()))},
        "figures": Source(DRAWN, of.figures, ("png", "gif")),
        "landscape": Source(("sample_landscape",), of.sampled),
    },
    settings=tuple(name for name in Parameters.model_fields if name != "compute"),
    derived=given.reporting,
    keyed=False,
    resources=Resources(memory=2000, minutes=30),
)

RULES = {rule.name: rule for rule in (*OF_RUNS, *OF_STUDY, *FIGURES, REPORT)}

PHASES = tuple(dict.fromkeys(rule.phase for rule in RULES.values()))
"""The parts of the workflow, in their order."""
