#!/bin/sh
# make_venv.sh VENV [PYTHON]: a virtual environment of a Python that nst_tf runs on.
# Says in one sentence what to do where there is none.
set -u
venv=$1
python=${2:-}

supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
version='import platform; print(platform.python_version())'

found=
for candidate in ${python:-python3 python3.13 python3.12 python3.11 python}; do
    found_here=$("$candidate" -c "$version" 2>/dev/null) || continue
    found="$found $candidate is $found_here,"
    "$candidate" -c "$supported" && break
    candidate=
done
# The loop leaves the last name behind when none of them runs.
if [ -z "${candidate:-}" ] || ! "$candidate" -c "$supported" 2>/dev/null; then
    echo "nst_tf needs Python 3.11, 3.12 or 3.13 (here:${found:- none}): install one, and if it is not on your PATH name it, as in  make PYTHON=/path/to/python3.13 demo" >&2
    exit 1
fi

if ! "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$candidate has no venv module, which makes virtual environments: install it (on Debian and Ubuntu: sudo apt install $("$candidate" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')), and run make again." >&2
    exit 1
fi

[ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && exit 0
"$candidate" -m venv --clear "$venv"
