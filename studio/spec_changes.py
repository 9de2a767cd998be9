"""Changes to a step's spec: fields replaced and validated, faults told at the field and in words, and the words inside a change."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import ValidationError

from domain.brand import HEX_COLOUR
from domain.errors import InputError, LimitError
from domain.plan import Plan, Step
from domain.specs import Spec
from domain.value import JsonValue


def change_spec(step: Step, values: dict[str, JsonValue]) -> Spec:
    """The step's spec with some fields changed, validated. Raises InputError naming the field."""
    old = step.spec.model_dump(mode="json")
    if "scene" not in values and old.get("scene") is not None:
        old["scene"] = _scene_after(old["scene"], values)
    try:
        return type(step.spec).model_validate({**old, **values})
    except ValidationError as error:
        raise bad_spec(step.id, error) from error


def numbered(title: str, plan: Plan) -> str:
    """The title with the first number from 2 on that no step of the plan has with it."""
    taken = {step.title for step in plan.steps}
    bare = re.sub(r" \(\d+\)$", "", title)[:190]
    return next(name for number in range(2, len(taken) + 3) if (name := f"{bare} ({number})") not in taken)


def _scene_after(scene: dict[str, JsonValue], values: dict[str, JsonValue]) -> dict[str, JsonValue] | None:
    """An edited scene when other fields of its step change: new words replace it, colours and margin go into it."""
    if "about" in values:
        return None
    return scene | {name: values[name] for name in ("palette", "margin") if name in values}


def placed(value: JsonValue | dict[str, JsonValue], where: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value with the path of its field, however deep: words of an edited scene are words too."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            yield from placed(part, f"{where}.{name}" if where else str(name))


def bad_spec(step_id: str, error: ValidationError) -> InputError:
    fault = error.errors()[0]
    where, context, given = ".".join(str(part) for part in fault["loc"]), fault.get("ctx", {}), fault.get("input")
    field = f"{step_id}.{where}"
    at = {"step_id": step_id, "where": where, "value": f"{given!r:.60}"}
    if fault["type"] == "string_too_long":
        counts = {"count": f"{len(str(given)):,}", "most": f"{int(context['max_length']):,}"}
        told = "{step_id}: {where} has {count} characters; {most} are the most."
        return LimitError(told, hint="Keep what matters.", field=field, given=at | counts)
    if fault["type"] == "too_long":
        counts = {"count": str(context["actual_length"]), "most": str(context["max_length"])}
        return LimitError(
            "{step_id}: {where} has {count} entries; {most} are the most.", hint="Take some away.", field=field, given=at | counts
        )
    if fault["type"] in ("less_than_equal", "greater_than_equal"):
        bound = f"{context.get('le', context.get('ge')):,}"
        told = (
            "{step_id}: {where} is {value}; {bound} is the most."
            if "le" in context
            else "{step_id}: {where} is {value}; {bound} is the least."
        )
        return InputError(told, hint="Change the number.", field=field, given=at, bound=bound)
    if fault["type"] == "string_pattern_mismatch" and context.get("pattern") == HEX_COLOUR.pattern:
        told, hint = "{step_id}: {value} is not a colour here.", "Write colours as #rrggbb, like #1d3557."
        return InputError(told, hint=hint, field=field, given=at)
    if fault["type"] == "value_error":
        told = "{step_id}: {where}: {why}."
        return InputError(told, hint="Change or remove it.", field=field, given=at, why=context["error"])
    return InputError("{step_id}: {where} cannot be {value}.", hint="{fault}.", field=field, given=at, fault=fault["msg"])
