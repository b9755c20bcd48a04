"""What lives as long as the application, as FastAPI dependencies."""

from typing import Annotated

from fastapi import Depends, Request

from app.db import Database


def _db(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


Db = Annotated[Database, Depends(_db)]
