"""The one table from the error tree to HTTP, and how an error is told to a person."""

from __future__ import annotations

from domain import errors

STATUS: dict[type[errors.MaquetteError], int] = {
    errors.InputError: 400,
    errors.LimitError: 413,
    errors.AttachmentError: 415,
    errors.PlanError: 422,
    errors.ContentRefused: 422,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ModelError: 503,
    errors.GenerationError: 500,
    errors.Cancelled: 499,
    errors.StorageError: 507,
    errors.HostingError: 500,
    errors.MaquetteError: 500,
}


def status_of(error: errors.MaquetteError) -> int:
    """The HTTP status of an error: that of its class, or of the nearest class above it in the tree."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def body_of(error: errors.MaquetteError) -> dict[str, str]:
    return {"code": error.code, "message": error.message, "hint": error.hint, "field": error.field}
