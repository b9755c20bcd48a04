"""Whether a target fits a touchpoint's scale. Pure."""

from app.errors import Code, Place, Problem
from app.models import Touchpoint
from app.touchpoints.scales import scale_of


def target_fits(row: Touchpoint) -> None:
    """Problem invalid_request for a target on a metric that the scale does not report, or out of its bounds."""
    if row.target is None:
        return
    scale, metric, value = scale_of(row), row.target["metric"], row.target["value"]
    if metric not in scale.aims:
        mend = f"Use one of {', '.join(scale.aims)}."
        place = Place(place="body.target.metric", message=f"is not reported on the scale {scale.name}", mend=mend)
        raise Problem(Code.INVALID_REQUEST, f"The scale {scale.name} does not report {metric}.", errors=[place])
    low, high = scale.bounds(metric)
    if not low <= value <= high:
        place = Place(place="body.target.value", message="cannot be reached", mend=f"Use {low} to {high}.")
        raise Problem(Code.INVALID_REQUEST, f"{metric} goes from {low} to {high}.", errors=[place])
