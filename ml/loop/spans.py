"""A release as a span of time with its stages, read from its history."""

from ml.loop.record import ReleaseSpan, Stage
from ml.release.policy import Shadow
from ml.release.state import Phase, State, Verb


def span_of(state: State) -> ReleaseSpan:
    """Return when a release began and ended, and each stage with the challenger's live share."""
    entered = [each for each in state.history if each.verb in {Verb.ADVANCE, Verb.PROMOTE}]
    ended = state.history[-1].at if not state.active else None
    last = state.history[-1].at
    left = next(
        (e.at for e in state.history if e.verb in {Verb.ROLL_BACK, Verb.KEEP_CHAMPION}), last
    )
    stages = []
    for number, begun in enumerate(entered):
        until = entered[number + 1].at if number + 1 < len(entered) else max(left, begun.at)
        if begun.verb is Verb.PROMOTE:
            name, share = str(Phase.WARM), 100
        else:
            stage = state.policy.stages[number]
            share = 0 if isinstance(stage, Shadow) else stage.share
            name = "shadow" if isinstance(stage, Shadow) else f"{stage.kind} {share} %"
        stages.append(Stage(name=name, began=begun.at, ended=until, share=share))
    return ReleaseSpan(
        release=state.request.release,
        champion=state.request.champion,
        challenger=state.request.challenger,
        began=state.history[0].at,
        ended=ended,
        ending=state.ending.value if state.ending else None,
        stages=tuple(stages),
    )
