"""Assets and exported packs, served by our own route to people who may see them; never from Gradio's shared cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from domain.asset import FileRef
from domain.drawing import DrawingFormat
from studio.studio import Studio

#: Shown in the page; everything else is handed over as a download, so that an SVG or JSON never runs as a page of ours.
INLINE = frozenset({"image/png", "image/jpeg", "image/webp", "audio/wav", "audio/mpeg", "audio/flac"})
#: What an SVG opened in a tab of its own may do: nothing.
SEALED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def stored_file(file: FileRef, path: Path, *, download: bool, cache: str) -> FileResponse:
    """A file of an asset: shown in the page where that is safe and it is not asked for as a download. cache: how long it may be kept."""
    kind = "inline" if file.media_type in INLINE and not download else "attachment"
    headers = {
        "content-disposition": f"{kind}; filename*=UTF-8''{quote(file.name)}",
        "content-security-policy": SEALED,
        "cache-control": cache,
    }
    return FileResponse(path, media_type=file.media_type, headers=headers)


def files_router(studio: Studio) -> APIRouter:
    router = APIRouter()

    @router.get("/files/{asset_id}/{index}")
    def asset_file(asset_id: str, index: int, download: bool = False) -> FileResponse:
        """The index-th file of an asset: 0 is the asset itself."""
        file, path = studio.shelf.file(asset_id, index)
        return stored_file(file, path, download=download, cache="private, max-age=31536000, immutable")

    @router.get("/drawings/{asset_id}/{form}")
    def drawing(asset_id: str, form: DrawingFormat, side: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> FileResponse:
        """A drawn picture as one of its files, made now where nobody has asked for it yet. side: pixels of the longer side."""
        file = studio.drawings.file(asset_id, form, side=side)
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
            "content-security-policy": SEALED,
            "cache-control": "private, no-cache",
        }
        return FileResponse(file.path, media_type=file.media_type, headers=headers)

    @router.get("/thumbnails/{asset_id}")
    def thumbnail(asset_id: str) -> FileResponse:
        """A WebP of at most 480 px of a picture or layout."""
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        return FileResponse(studio.shelf.thumbnail(asset_id), media_type="image/webp", headers=headers)

    @router.get("/logos/{project_id}")
    def logo(project_id: str) -> FileResponse:
        return FileResponse(studio.shelf.logo(project_id), media_type="image/png", headers={"content-security-policy": SEALED})

    @router.get("/packs/{project_id}/{name}")
    def pack(project_id: str, name: str) -> FileResponse:
        path = studio.shelf.pack(project_id, name)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    return router
