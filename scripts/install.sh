# Sourced by run, test and bench: installs what is missing and says so.
# shellcheck shell=bash

need_dotnet() {
    if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
        echo "A .NET 10 SDK is needed: see https://dotnet.microsoft.com/download/dotnet/10.0" >&2
        exit 1
    fi
}

has_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null || command -v initdb >/dev/null
}

need_postgres() {
    if has_postgres; then
        return
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            echo "The PostgreSQL server programs are missing and cannot be installed without root. Install them: sudo apt-get install postgresql" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    if ! command -v apt-get >/dev/null; then
        echo "The PostgreSQL server programs are missing. Install version 15 or later with your package manager (Fedora: dnf install postgresql-server)." >&2
        exit 1
    fi
    echo "Installing the PostgreSQL server programs (apt-get install postgresql); no system-wide cluster is created."
    "${as_root[@]}" mkdir -p /etc/postgresql-common
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
    if ! has_postgres; then
        echo "Installing did not bring the PostgreSQL server programs; install them by hand: apt-get install postgresql" >&2
        exit 1
    fi
}
