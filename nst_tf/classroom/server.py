"""The classroom demo as a web page: ``python -m nst_tf classroom`` serves its notebook through Voilà.

Each page that is opened has a kernel, a process of its own, which ends soon after the page is closed.
"""

import argparse
import errno
import importlib.util
import logging
import os
import socket
from pathlib import Path

from nst_tf.files import demo_notebook
from nst_tf.settings import SettingsError
from nst_tf.weights import load_weights

LOCAL = "127.0.0.1"
PORT = 8866
UPLOAD_LIMIT = "NST_TF_UPLOAD_LIMIT"  # environment variable of the kernels: how many bytes an upload may have
LARGEST_UPLOAD = 50_000_000  # bytes; its message is a little larger
LARGEST_MESSAGE = 52 * 2**20
# A page's beat keeps its kernel from being idle, connected or not: forty seconds without one, and it goes.
DESERTED = {"cull_idle_timeout": 40, "cull_interval": 5, "cull_connected": True}
EXTENSIONS = [
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]  # and no other one

_STATIC = Path(__file__).parent / "static"


class ClassroomError(RuntimeError):
    """The page can't be served. The text is one sentence that says why and what to do."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options that ``serve`` needs."""
    parser.add_argument(
        "--address",
        default=LOCAL,
        help="of this machine, to listen on (%(default)s: nobody else can open the page; 0.0.0.0: whoever "
        "reaches this machine can)",
    )
    parser.add_argument("--port", type=_port, help=f"to listen on ({PORT}, or the next one that is free)")


def serve(address: str, port: int | None) -> None:
    """Serve the demo until Ctrl-C.

    Args:
        address: of this machine, to listen on.
        port: likewise; None for the next one from 8866 on that is free.

    Raises:
        SettingsError: nothing can listen on that address or port.
        ClassroomError: Voilà is not installed.
        WeightsError: VGG-19's weights can't be had.
    """
    if not all(map(importlib.util.find_spec, ("voila", "anywidget", "ipykernel"))):
        raise ClassroomError(
            'The classroom needs Voilà: python -m pip install -e ".[classroom]" installs it.'
        )
    port = _free_port(address, port)
    print(load_weights("auto"), flush=True)  # here, where a problem with them can be read
    _serve(address, port)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 65535")
    return int(text)


def _free_port(address: str, wanted: int | None) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in [wanted] if wanted is not None else range(PORT, PORT + 50):
        try:
            socket.getaddrinfo(address, None)
            with socket.create_server((address, port), family=family):
                return port
        except (socket.gaierror, UnicodeError):
            reason = "there is no such address"
            break
        except OSError as problem:
            reason = os.strerror(problem.errno or 0)
            if problem.errno != errno.EADDRINUSE:
                break
    raise SettingsError(
        f"Nothing can listen on port {port} of {address} ({reason}): choose another --port, "
        "or an --address of this machine."
    )


def _serve(address: str, port: int) -> None:
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        [str(_STATIC / "jupyter"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    )
    os.environ[UPLOAD_LIMIT] = str(LARGEST_UPLOAD)

    from tornado.ioloop import IOLoop
    from traitlets.config import Config
    from voila.app import Voila

    config = Config(
        MappingKernelManager=DESERTED,
        VoilaConfiguration={"template": "nst_tf", "extension_allowlist": EXTENSIONS, "file_allowlist": []},
        Voila={
            "ip": address,
            "port": port,
            "port_retries": 0,
            "open_browser": False,
            "log_level": logging.ERROR,
            "tornado_settings": {"websocket_max_message_size": LARGEST_MESSAGE},
        },
    )
    for name in ("access", "application", "general"):  # where Voilà's own doing brings warnings at every page
        logging.getLogger(f"tornado.{name}").setLevel(logging.ERROR)
    app = Voila(config=config)
    app.initialize([str(demo_notebook())])
    IOLoop.current().add_callback(
        print, f"The demo is at {_url(address, port)} (Ctrl-C stops it)", flush=True
    )
    app.start()


def _url(address: str, port: int) -> str:
    host = socket.gethostname() if address in ("0.0.0.0", "::") else address
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
