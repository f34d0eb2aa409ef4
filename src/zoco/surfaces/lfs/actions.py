"""Where does a client send an object, and where does it say that it has? The `actions` of a batch's answer."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from zoco.adapters.blobs.parts import PartStore
from zoco.core.access import Actor
from zoco.core.repos import ReadableRepo
from zoco.formats.lfs.batch import AskedObject
from zoco.hub.lfs.parts import PartUpload
from zoco.surfaces.lfs.addresses import Use, lifetime_s, signed_address
from zoco.surfaces.state import hub_of

Json = dict[str, Any]  # Any: JSON of the wire


class Actions:
    """For one batch's answer. `transfer` is what all its objects go by."""

    def __init__(self, request: Request, repo: ReadableRepo, actor: Actor | None, transfer: str) -> None:
        self._request, self._repo, self._actor, self._transfer = request, repo, actor, transfer
        self._hub = hub_of(request)

    def download(self, asked: AskedObject) -> Json:
        return {"download": self._signed(Use.DOWNLOAD, asked)}

    def upload(self, asked: AskedObject, by: PartUpload | None) -> Json:
        """Through us, whole, where `by` is None."""
        verify = self._signed(Use.VERIFY, asked, by)
        if by is None:
            whole = self._signed(Use.UPLOAD, asked)
            header = {"chunk_size": str(max(asked.size, 1)), "00001": whole["href"]}
            return {"upload": whole | ({"header": header} if self._is_multipart else {}), "verify": verify}
        if self._is_multipart:
            return {
                "upload": self._signed(Use.COMPLETE, asked, by) | {"header": self._parts(asked, by)},
                "verify": verify,
            }
        straight = {"href": self._part(asked, by, 1), "expires_in": verify["expires_in"]}
        return {"upload": straight, "verify": verify}

    @property
    def _is_multipart(self) -> bool:
        return self._transfer == "multipart"

    def _parts(self, asked: AskedObject, by: PartUpload) -> Json:
        """Numbers of one length: the agent that `hf lfs-enable-largefiles` sets up takes them as git-lfs sorts them."""
        urls = {f"{number:05}": self._part(asked, by, number) for number in range(1, by.blob.count + 1)}
        return {"chunk_size": str(by.blob.part_size), **urls}

    def _part(self, asked: AskedObject, by: PartUpload, number: int) -> str:
        store: PartStore | None = self._hub.blobs.parts
        assert store
        if store.is_straight:
            return store.part_url(by.blob, number, lifetime_s=max(1, lifetime_s(self._hub, Use.PART, asked.size)))
        return self._address(Use.PART, asked, by, number)

    def _signed(self, use: Use, asked: AskedObject, by: PartUpload | None = None) -> Json:
        return {"href": self._address(use, asked, by), "expires_in": lifetime_s(self._hub, use, asked.size)}

    def _address(self, use: Use, asked: AskedObject, by: PartUpload | None, part: int | None = None) -> str:
        upload = by.uuid if by else None
        return signed_address(
            self._request, use, self._repo, asked.sha256, asked.size, self._actor, upload=upload, part=part
        )
