#!/bin/sh
# make_venv.sh VENV [PYTHON]: a virtual environment of a Python that nst_tf runs on.
# Where there is none, one sentence says what to do.
venv=$1
candidates=${2:-python3 python3.13 python3.12 python3.11 python}

is_supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
print_version='import platform; print(platform.python_version())'
print_package='import sys; print("python3.%d-venv" % sys.version_info[1])'

fail() {
    echo "$1" >&2
    exit 1
}

python=
seen=
for candidate in $candidates; do
    version=$("$candidate" -c "$print_version" 2>/dev/null) || continue
    if "$candidate" -c "$is_supported"; then
        python=$candidate
        break
    fi
    seen="$seen${seen:+, }$candidate is $version"
done

[ "$python" ] || fail "nst_tf needs Python 3.11, 3.12 or 3.13 (here: ${seen:-none}): install one, and if make does not find it, name it, as in: make PYTHON=/path/to/python3.13 demo"

"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module, which makes virtual environments: install it (Debian, Ubuntu: sudo apt install $("$python" -c "$print_package")) and run make again."

if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ] && [ "$(ls -A "$venv")" ]; then
    fail "$venv is there already and is no virtual environment: move it away, or name another folder, as in: make VENV=.venv2 demo"
fi

# An environment that works is kept, whoever made it.
"$venv/bin/python" -c "$is_supported" 2>/dev/null && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && exit 0

"$python" -m venv --clear "$venv"
