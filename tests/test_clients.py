"""Clients that generators make of /openapi.json compile, and know the fields of the main calls."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings

USE = """
import createClient from "openapi-fetch";
import type { paths, components } from "./api";
const client = createClient<paths>({ baseUrl: "http://localhost" });
export async function main() {
  const path = { key: "checkout" };
  const answer: components["schemas"]["AnswerIn"] = { rating: 4 };
  const one = await client.POST("/v1/touchpoints/{key}/feedback", { params: { path }, body: answer });
  const rating: number | null | undefined = one.data?.rating;
  const many = await client.POST("/v1/feedback/batch", { body: { items: [{ touchpoint: "checkout", rating: 4 }] } });
  const created: number | undefined = many.data?.created;
  await client.POST("/v1/touchpoints", { body: { kind: "invoice", tags: ["a"] } });
  const score = await client.GET("/v1/touchpoints/{key}/score", { params: { path, query: { days: 30 } } });
  return [rating, created, score.data?.count];
}
// @ts-expect-error: a rating is a number
export const wrong: components["schemas"]["AnswerIn"] = { rating: "four" };
// @ts-expect-error: an item names its touchpoint
export const nowhere: components["schemas"]["Batch"] = { items: [{ rating: 4 }] };
"""
CHECK = """
from client.models import AnswerIn, Batch, BatchItem, TouchpointIn
assert AnswerIn(rating=4).to_dict() == {"rating": 4}
assert Batch(items=[BatchItem(touchpoint="a", rating=3)]).to_dict() == {"items": [{"touchpoint": "a", "rating": 3}]}
assert len(TouchpointIn.__annotations__) >= 18, TouchpointIn.__annotations__
from client.api.feedback import post_feedback_v1_touchpoints_key_feedback_post as post
assert post.sync.__annotations__["return"] is not None
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """The service's OpenAPI document in a file."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(create_app(Settings()).openapi()))
    return path


def test_a_typescript_client_compiles(document: Path, npm: Path) -> None:
    folder = document.parent
    (folder / "node_modules").symlink_to(npm)
    (folder / "use.ts").write_text(USE)
    make = [npm / ".bin" / "openapi-typescript", document, "-o", folder / "api.d.ts"]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    bundled = ("--moduleResolution", "bundler", "--module", "esnext", "--target", "es2022", "--lib", "es2022,dom")
    command = [npm / ".bin" / "tsc", "--noEmit", "--strict", *bundled, "use.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout


def test_a_python_client_knows_every_field(document: Path, python_client: Path) -> None:
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--path", document, "--meta", "none"]
    environment = {"PYTHONPATH": str(python_client), "PATH": str(python_client / "bin")}
    folder = document.parent
    made = subprocess.run(
        [*generate, "--output-path", folder / "client"], env=environment, capture_output=True, text=True, timeout=90
    )
    assert made.returncode == 0 and "Unable to process schema" not in made.stdout, made.stdout[-2000:]
    checked = subprocess.run([sys.executable, "-c", CHECK], cwd=folder, env=environment, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
