"""The form that brings a file: first who sends it is known, then that it is our form, then the file comes."""

from collections.abc import Callable
from tempfile import NamedTemporaryFile
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from app.dashboard import session, waiting
from app.dashboard.request_context import RequestContext
from app.errors import Code, Problem

FIELDS_MAX = 2000  # bytes of a field that is no file


class TooLarge(Exception):
    """The file has more bytes than one may have; it was read away, so that its sender sees the answer."""


class _OneFile(MultiPartParser):
    """Takes one file behind the token of its form, and keeps none of one that is too large."""

    def __init__(self, request: Request, most: int, is_ours: Callable[[str], bool]) -> None:
        stream: Any = request.stream()
        super().__init__(request.headers, stream, max_files=1, max_fields=5, max_part_size=FIELDS_MAX)
        self._most, self._is_ours, self.size = most, is_ours, 0

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        said = [value for name, value in self.items if name == "csrf" and isinstance(value, str)]
        if sent := self._current_part.file:
            if not (said and self._is_ours(said[0])):
                raise Problem(Code.ORIGIN_NOT_ALLOWED, "")
            sent.file.close()
            named: Any = NamedTemporaryFile()  # noqa: SIM115 - closed with the upload, or by the parser when it fails
            self._files_to_close_on_error.append(named)
            self._current_part.file = UploadFile(named, size=0, filename=sent.filename, headers=sent.headers)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is not None:
            self.size += end - start
            if self.size > self._most:
                return
        super().on_part_data(data, start, end)


async def file_of(visit: RequestContext, most: int) -> UploadFile | None:
    """The file of at most `most` bytes that somebody signed in sends, which lies on the disk; None without one.

    TooLarge, and Problem origin_not_allowed before any of the file is read, malformed_body. The caller closes it.
    """
    request, state = visit.request, visit.request.app.state
    expired = Problem(Code.ORIGIN_NOT_ALLOWED, str(visit.words("form_expired")))
    if not session.from_here(request.headers, request.headers.get("host", "")):
        raise expired
    waiting.forget(state)
    parser = _OneFile(request, most, lambda token: session.is_token(state.secret, visit.cookie, token))
    try:
        form = await parser.parse()
    except Problem:
        raise expired from None
    except (MultiPartException, KeyError):
        raise Problem(Code.MALFORMED_BODY, str(visit.words("wrong.form"))) from None
    file = form.get("file")
    if not isinstance(file, UploadFile):
        if not session.is_token(state.secret, visit.cookie, str(form.get("csrf"))):
            raise expired
        return None
    if parser.size > most:
        await file.close()
        raise TooLarge
    if not file.filename:
        await file.close()
        return None
    return file
