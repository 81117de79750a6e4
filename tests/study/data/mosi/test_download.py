import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mmfusion.errors import DownloadError
from mmfusion.study.data.mosi.download import download_mosi

CONTENT = {"data/text/words.csv": b'"0.5","1"\r\n' * 50, "opinions.csv": b"1,2,video,1,0.4\r\n" * 20}


@dataclass
class Server:
    """What the local server responds, and the paths of the requests."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between attempts
    state = Server(files={f"/{path}": content for path, content in CONTENT.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.requests.append(self.path)
            if state.failures.get(self.path, 0) > 0:
                state.failures[self.path] -= 1
                self.send_error(503)
            elif self.path not in state.files:
                self.send_error(404)
            else:
                content = state.files[self.path]
                self.send_response(200)
                self.send_header("Content-Length", str(state.announced.get(self.path, len(content))))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def sha256(path: str) -> str:
    return hashlib.sha256(CONTENT[path]).hexdigest()


@pytest.fixture
def download(tmp_path_factory, server):
    registry = tmp_path_factory.mktemp("registry") / "registry.txt"

    def run(folder, **options):
        lines = [f"{path.rpartition('/')[2]} sha256:{sha256(path)} {server.url}/{path}\n" for path in CONTENT]
        registry.write_text("".join(lines))
        return download_mosi(folder, registry=registry, **{"retries": 0, "timeout": 5.0, **options})

    return run


@pytest.fixture
def failure(download, server):
    def run(folder, **options):
        with pytest.raises(DownloadError) as caught:
            download(folder, **options)
        message = str(caught.value)
        assert "\n" not in message
        for part in ("words.csv", f"{server.url}/data/text/words.csv", "expected", "MMFUSION_MOSI_DIR"):
            assert part in message
        return message

    return run


def content_of(folder: Path):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def test_right_bytes(tmp_path, download):
    folder = tmp_path / "new" / "mosi"
    assert download(folder) == folder
    assert content_of(folder) == {path.rpartition("/")[2]: content for path, content in CONTENT.items()}
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in folder.iterdir())


def test_the_second_call_requests_nothing(tmp_path, server, download):
    download(tmp_path)
    assert sorted(server.requests) == ["/data/text/words.csv", "/opinions.csv"]
    download(tmp_path)
    assert len(server.requests) == 2


def test_a_file_with_other_bytes_is_replaced(tmp_path, download):
    (tmp_path / "words.csv").write_bytes(b"an older version")
    download(tmp_path)
    assert (tmp_path / "words.csv").read_bytes() == CONTENT["data/text/words.csv"]


def test_only_the_missing_file_is_requested(tmp_path, server, download):
    download(tmp_path)
    (tmp_path / "opinions.csv").unlink()
    server.requests.clear()
    download(tmp_path)
    assert server.requests == ["/opinions.csv"]


def test_wrong_bytes(tmp_path, server, failure):
    server.files["/data/text/words.csv"] += b"one row more\r\n"
    message = failure(tmp_path / "mosi")
    assert "the bytes that came are not the expected ones" in message
    assert sha256("data/text/words.csv") in message
    assert content_of(tmp_path / "mosi") == {}


def test_not_found(tmp_path, server, failure):
    del server.files["/data/text/words.csv"]
    assert "the server answered 404 Not Found" in failure(tmp_path / "mosi")
    assert content_of(tmp_path / "mosi") == {}


def test_cut_connection(tmp_path, server, failure):
    server.announced["/data/text/words.csv"] = 10 * len(CONTENT["data/text/words.csv"])
    assert "the connection was cut before the file was complete" in failure(tmp_path / "mosi")
    assert content_of(tmp_path / "mosi") == {}


def test_offline(tmp_path, server, failure):
    closed = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.url = f"http://127.0.0.1:{closed.server_port}"
    closed.server_close()
    assert "the server cannot be reached" in failure(tmp_path / "mosi")
    assert content_of(tmp_path / "mosi") == {}


def test_no_answer_in_time(tmp_path, server, failure):
    silent = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)  # listens, never accepts
    server.url = f"http://127.0.0.1:{silent.server_port}"
    try:
        assert "the server did not answer in time" in failure(tmp_path / "mosi", timeout=0.2)
    finally:
        silent.server_close()


def test_not_a_url(tmp_path, server, failure):
    server.url = "nothing"
    assert "the request failed" in failure(tmp_path / "mosi")


def test_folder_that_cannot_be_made(tmp_path, failure):
    (tmp_path / "file").write_bytes(b"")
    assert "the system refused" in failure(tmp_path / "file" / "mosi")


def test_a_failure_keeps_what_was_there(tmp_path, server, failure):
    (tmp_path / "words.csv").write_bytes(b"an older version")
    server.files["/data/text/words.csv"] = b"wrong"
    failure(tmp_path)
    assert content_of(tmp_path) == {"words.csv": b"an older version"}


def test_a_passing_failure_is_tried_again(tmp_path, server, download):
    server.failures["/data/text/words.csv"] = 2
    download(tmp_path, retries=2)
    assert server.requests.count("/data/text/words.csv") == 3
    server.failures["/opinions.csv"] = 2
    (tmp_path / "opinions.csv").unlink()
    with pytest.raises(DownloadError, match="answered 503"):
        download(tmp_path, retries=1)


def test_progress_is_shown(tmp_path, capsys, download):
    download(tmp_path / "shown")
    assert "%|" in capsys.readouterr().err
