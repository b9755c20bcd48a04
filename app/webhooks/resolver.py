"""Look-ups of names. One cannot be stopped and may take the system half a minute, so each has a thread of its own.

The threads of an event loop's own resolver are few, and the database's host is looked up there too.
"""

import asyncio
import socket
import threading
from concurrent.futures import Future

AT_ONCE = 128  # names


class Names:
    """The system's resolver. A name whose look-up hangs is not looked up a second time meanwhile."""

    def __init__(self) -> None:
        self._pending: dict[str, Future[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a host; raises socket.gaierror for an unknown name, TimeoutError when too many hang."""
        found = self._pending.get(host)
        if found is None:
            if len(self._pending) >= AT_ONCE:
                raise TimeoutError("too many look-ups hang")
            found = self._begin(host)
        return await asyncio.wrap_future(found)

    def _begin(self, host: str) -> "Future[list[str]]":
        found = self._pending[host] = Future[list[str]]()
        found.set_running_or_notify_cancel()  # from now on, one who no longer waits does not end it for the others
        # A daemon: the process need not wait for it when it ends.
        threading.Thread(target=self._look_up, args=(host, found), name="webhook-name", daemon=True).start()
        return found

    def _look_up(self, host: str, found: "Future[list[str]]") -> None:
        try:
            addresses = [str(where[0]) for *_, where in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
        except Exception as error:
            del self._pending[host]
            found.set_exception(error)
        else:
            del self._pending[host]
            found.set_result(addresses)
