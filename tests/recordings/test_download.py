"""Downloads are whole or not there, whatever the server does; tested against a server on this machine."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from eupnea.config.dataset import DatasetConfig
from eupnea.errors import ConfigError, InputError
from eupnea.recordings.download import (
    UNFINISHED,
    ManifestRow,
    RegistryRow,
    download,
    download_dataset,
    make_manifest,
    read_manifest,
    read_registry,
    write_manifest,
)

CONTENT = {f"sub-{n:02d}/a b.tsv.gz": np.random.default_rng(n).bytes(50_000) for n in range(1, 6)}


class Server(ThreadingHTTPServer):
    """Serves CONTENT, and for each path first the faults that it was told, one per request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.lstrip("/").replace("%20", " ")
        wanted = self.headers.get("Range", "")
        self.server.requests.append((path, wanted))
        faults = self.server.faults.get(path, [])
        fault = faults.pop(0) if faults else ""
        if path not in CONTENT or fault == "gone":
            return self.send_error(404)
        if fault == "failing":
            return self.send_error(503)
        body = CONTENT[path] if fault != "wrong" else CONTENT[path][::-1]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and fault != "no_range" else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        part = body[start:]
        self.wfile.write(part[: len(part) // 2] if fault == "cut" else part)
        return None


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def row(server):
    return RegistryRow("toy", "1", f"http://127.0.0.1:{server.server_port}", "CC0", "nobody", "toy.tsv")


MANIFEST = [ManifestRow(path, len(body), hashlib.sha256(body).hexdigest()) for path, body in CONTENT.items()]
FIRST = MANIFEST[0].path


def files(folder):
    return {one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize(
    "faults",
    [
        [],
        ["failing"],
        ["failing", "failing", "cut"],
        ["wrong"],
        ["cut", "cut"],
        ["cut", "no_range"],
        ["cut", "wrong"],
    ],
)
def test_every_file_is_whole_in_the_end(server, row, tmp_path, faults):
    server.faults[FIRST] = list(faults)
    waits = []
    download(row, MANIFEST, tmp_path, sleep=waits.append)
    assert files(tmp_path) == CONTENT
    assert waits == sorted(waits)
    assert len(waits) == sum(fault != "no_range" for fault in faults)


def test_a_cut_off_file_goes_on_where_it_stopped(server, row, tmp_path):
    server.faults[FIRST] = ["cut"]
    download(row, MANIFEST, tmp_path, sleep=lambda _: None)
    assert [wanted for path, wanted in server.requests if path == FIRST] == ["", "bytes=25000-"]


def test_what_is_there_is_kept_and_what_is_damaged_is_fetched_again(server, row, tmp_path):
    download(row, MANIFEST, tmp_path)
    server.requests.clear()
    (tmp_path / FIRST).write_bytes(b"damaged")
    download(row, MANIFEST, tmp_path)
    assert [path for path, _ in server.requests] == [FIRST]
    assert files(tmp_path) == CONTENT


@pytest.mark.parametrize("fault", ["wrong", "failing"])
def test_a_file_that_never_comes_right_leaves_no_file_of_its_name(server, row, tmp_path, fault):
    server.faults[FIRST] = [fault] * 99
    with pytest.raises(InputError) as caught:
        download(row, MANIFEST, tmp_path, attempts=3, sleep=lambda _: None)
    assert FIRST in str(caught.value)
    assert "3 attempts" in str(caught.value)
    assert not (tmp_path / FIRST).exists()
    assert (tmp_path / UNFINISHED).exists()
    server.faults.clear()
    download(row, MANIFEST, tmp_path, sleep=lambda _: None)
    assert files(tmp_path) == CONTENT


def test_a_file_that_is_not_on_the_server_is_not_tried_again(server, row, tmp_path):
    server.faults[FIRST] = ["gone"] * 9
    with pytest.raises(InputError, match="not on the server"):
        download(row, MANIFEST, tmp_path, sleep=pytest.fail)


def test_no_server_at_all(tmp_path, row, server):
    server.shutdown()
    server.server_close()
    with pytest.raises(InputError, match="connection failed"):
        download(row, MANIFEST, tmp_path, attempts=2, sleep=lambda _: None)


def test_a_longer_answer_than_announced_is_another_file(server, row, tmp_path):
    short = [ManifestRow(FIRST, 100, hashlib.sha256(CONTENT[FIRST][:100]).hexdigest())]
    with pytest.raises(InputError, match="checksum"):
        download(row, short, tmp_path, attempts=2, sleep=lambda _: None)


def test_a_study_names_its_dataset(server, row, tmp_path):
    registry = tmp_path / "config" / "datasets.csv"
    registry.parent.mkdir()
    registry.write_text(f"name,version,base_url,licence,citation,manifest\ntoy,1,{row.base_url},CC0,nobody,toy.tsv\n")
    write_manifest(MANIFEST, registry.parent / "toy.tsv")
    dataset = DatasetConfig(source="bids", registry="toy", path=tmp_path / "data")
    folder = download_dataset(dataset, registry=registry)
    assert make_manifest(folder) == MANIFEST
    with pytest.raises(ConfigError, match="does not know"):
        download_dataset(DatasetConfig(source="bids", registry="joy"), registry=registry)


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", ""])
def test_a_manifest_cannot_write_outside_the_folder(tmp_path, path):
    (tmp_path / "m.tsv").write_text(f"path\tbytes\tsha256\n{path}\t1\t{'0' * 64}\n")
    with pytest.raises(ConfigError, match="line 2"):
        read_manifest(tmp_path / "m.tsv")


def test_the_registry_agrees_with_the_real_recordings(shared_data):
    from conftest import ROOT

    rows = read_registry(ROOT / "config" / "datasets.csv")
    assert {"ds000210", "ecgiddb", "mitdb"} <= set(rows)
    for row in rows.values():
        assert row.base_url.startswith("https://")
        assert all((row.version, row.licence, row.citation))
        assert read_manifest(ROOT / "config" / row.manifest) == make_manifest(shared_data(row.name))
