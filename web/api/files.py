"""Assets and exported packs, served by our own route to people who may see them; never from Gradio's shared cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from domain.asset import FileRef
from domain.drawing import DrawingFormat
from domain.errors import NotFound
from domain.said import Said
from studio.labelling import Leaving
from studio.studio import Studio
from web.errors import words_of
from web.threads import PREVIEWS

#: Shown in the page; everything else is handed over as a download, so that an SVG or JSON never runs as a page of ours.
INLINE = frozenset({"image/png", "image/jpeg", "image/webp", "audio/wav", "audio/mpeg", "audio/flac"})
ENGLISH: Mapping[str, str] = {}
#: What an SVG opened in a tab of its own may do: nothing.
SEALED = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def handed_over(
    studio: Studio, asset_id: str, index: int, *, download: bool, cache: str, label: str = "", words: Mapping[str, str] = ENGLISH
) -> Response:
    """A file of an asset: shown in the page as it is stored where that is safe and nobody asked for a download, else labelled and signed.

    label: "1" gives what stands beside a file that has no place for a mark, "told" what the file will say, in `words`. cache: how long what
    is shown may be kept.
    """
    if label == "told":
        return JSONResponse(told(studio, studio.shelf.leaving(asset_id, index), words), headers={"cache-control": "private, no-store"})
    if label:
        return _beside(studio.shelf.leaving(asset_id, index))
    file, path = studio.shelf.file(asset_id, index)
    if file.media_type in INLINE and not download:
        return stored_file(file, path, download=False, cache=cache)
    return leaving_file(studio.shelf.leaving(asset_id, index), beside=f"{index}?label=1")


def leaving_file(file: Leaving, *, beside: str = "") -> FileResponse:
    """A labelled file as a download. beside: where what stands beside it is to be had, from the address of the file."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "content-security-policy": SEALED,
        "cache-control": "private, no-store",
    }
    if beside and file.sidecar:
        headers["link"] = f'<{beside}>; rel="describedby"'
    return FileResponse(file.path, media_type=file.media_type, headers=headers)


def told(studio: Studio, file: Leaving, words: Mapping[str, str]) -> dict[str, Any]:
    """What a file says when it leaves, or what stands beside it says for it. Raises LimitError for a file over 200 MB."""
    said: list[Said] = []
    if not file.sidecar or (file.marks or {}).get("inside"):
        said += studio.inspecting.inspect(file.path.read_bytes(), file.name).said
    if file.sidecar:
        said += studio.inspecting.inspect(file.sidecar, f"{file.name}.label.json").said
    lines = dict.fromkeys(one.told(words) for one in said)
    return {"name": file.name, "media_type": file.media_type, "size": file.size, "beside": bool(file.sidecar), "said": [*lines]}


def _beside(file: Leaving) -> Response:
    """Raises NotFound for a file that says everything itself."""
    if not file.sidecar:
        raise NotFound("{name} has no label beside it.", hint="What it says stands in the file itself.", name=file.name)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}.label.json", "cache-control": "private, no-store"}
    return Response(file.sidecar, media_type="application/json", headers=headers)


def stored_file(file: FileRef, path: Path, *, download: bool, cache: str) -> FileResponse:
    """A file of an asset as it is stored. cache: how long it may be kept."""
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
    def asset_file(asset_id: str, index: int, request: Request, download: bool = False, label: str = "") -> Response:
        """The index-th file of an asset: 0 is the asset itself. label: what stands beside it ("1") or what it will say ("told")."""
        cache = "private, max-age=31536000, immutable"
        return handed_over(studio, asset_id, index, download=download, cache=cache, label=label, words=words_of(request))

    @router.get("/drawings/{asset_id}/{form}")
    def drawing(asset_id: str, form: DrawingFormat, side: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0) -> FileResponse:
        """A drawn picture as one of its files, made now where nobody has asked for it yet. side: pixels of the longer side."""
        file = studio.drawings.file(asset_id, form, side=side)
        return leaving_file(studio.shelf.given(asset_id, file.name, file.media_type, file.path.read_bytes()))

    @router.get("/thumbnails/{asset_id}")
    async def thumbnail(asset_id: str) -> FileResponse:
        """A WebP of at most 480 px of a picture or layout."""
        headers = {"cache-control": "private, max-age=31536000, immutable"}
        return FileResponse(await PREVIEWS.run(studio.shelf.thumbnail, asset_id), media_type="image/webp", headers=headers)

    @router.get("/logos/{project_id}")
    def logo(project_id: str) -> FileResponse:
        return FileResponse(studio.shelf.logo(project_id), media_type="image/png", headers={"content-security-policy": SEALED})

    @router.get("/packs/{project_id}/{name}")
    def pack(project_id: str, name: str) -> FileResponse:
        path = studio.shelf.pack(project_id, name)
        return FileResponse(path, media_type="application/zip", filename=path.name)

    return router
