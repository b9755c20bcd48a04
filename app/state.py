"""What lives as long as the application, as FastAPI dependencies."""

from typing import Annotated

from fastapi import Depends, Request

from app.db import Database, Reader


def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


def _reads(request: Request) -> Reader:
    reads: Reader = request.app.state.reads
    return reads


Db = Annotated[Database, Depends(_db)]
Reads = Annotated[Reader, Depends(_reads)]  # may be a replica and a moment behind: for lists, search and exports
