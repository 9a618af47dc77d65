"""Arrays and plain values as JSON, between processes that don't trust each other: nothing in it can be executed."""

import base64
import dataclasses
import json

import numpy as np

_DTYPES = ("float32", "float64")


def packed(value: object) -> bytes:
    """A value as one line of JSON: numbers, texts, lists, tuples, dicts, bytes, arrays of floats, dataclasses of those."""
    return json.dumps(_plain(value)).encode() + b"\n"


def unpacked(line: bytes) -> object:
    """The value of a line; a dataclass comes back as a dict.

    Raises:
        ValueError: it is not such a line.
    """
    try:
        return _restored(json.loads(line))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a value: {error}") from None


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray | np.floating):
        array = np.asarray(value)
        return {
            "array": base64.b64encode(array.tobytes()).decode(),
            "dtype": array.dtype.name,
            "shape": array.shape,
        }
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"tuple": [_plain(part) for part in value]}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return value


def _restored(value: object) -> object:
    if isinstance(value, list):
        return [_restored(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"array", "dtype", "shape"}:
        if value["dtype"] not in _DTYPES:
            raise ValueError(f"no array of {value['dtype']}")
        return np.frombuffer(base64.b64decode(value["array"]), value["dtype"]).reshape(value["shape"])
    if value.keys() == {"bytes"}:
        return base64.b64decode(value["bytes"])
    if value.keys() == {"tuple"}:
        return tuple(_restored(part) for part in value["tuple"])
    return {key: _restored(part) for key, part in value.items()}
