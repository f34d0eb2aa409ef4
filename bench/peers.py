"""The peers we are measured against, started in the same run: nginx with sendfile, and plain git behind it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import free_port

_NGINX = """
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log warn; user root;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; client_max_body_size 0; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location /files/ {{ alias {files}/; }}
    location ~ ^/git(/.*)$ {{
      fastcgi_pass unix:{folder}/fcgi.sock; fastcgi_request_buffering off; fastcgi_buffering off;
      fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param PATH_INFO $1; fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param GIT_PROJECT_ROOT {repos};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1; fastcgi_param REMOTE_USER bench; fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding; fastcgi_param GIT_PROTOCOL $http_git_protocol;
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, files: Path, repos: Path) -> Iterator[str]:
    """Address of an nginx that serves `files` under /files/ and bare repositories in `repos` under /git/."""
    for name in ("nginx", "fcgiwrap"):
        assert shutil.which(name), f"install {name} for this measurement (Debian: nginx-light fcgiwrap)"
    for made in (folder, files, repos):
        made.mkdir(parents=True, exist_ok=True)
    exec_path = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        _NGINX.format(folder=folder, files=files, repos=repos, port=port, backend=f"{exec_path}/git-http-backend")
    )
    socket = folder / "fcgi.sock"
    cgi = subprocess.Popen(["fcgiwrap", "-c", "4", "-s", f"unix:{socket}"], start_new_session=True)
    server = subprocess.Popen(["nginx", "-c", str(config), "-p", str(folder)])
    try:
        _wait(f"http://127.0.0.1:{port}/files/")
        while not socket.exists():
            time.sleep(0.05)
        socket.chmod(0o777)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        os.killpg(cgi.pid, signal.SIGTERM)  # it does not end the children it forked
        for process in (server, cgi):
            process.wait()


def bare_repository(repos: Path, name: str) -> None:
    path = repos / f"{name}.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    for setting in ("http.receivepack=true", "receive.fsckObjects=true", "gc.auto=0", "uploadpack.allowFilter=true"):
        key, value = setting.split("=")
        subprocess.run(["git", "-C", str(path), "config", key, value], check=True)


def _wait(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")
