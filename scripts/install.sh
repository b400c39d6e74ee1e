# Sourced by run, test, bench and balatrix: installs what is missing and says so, and builds.
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
    # With a server given, no programs are needed here.
    if [ -n "${ConnectionStrings__Balatrix:-}" ] && [ "${1:-}" = "or-server" ]; then
        return
    fi
    if has_postgres; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "The PostgreSQL server programs are missing. Install version 15 to 18 with your package manager (Fedora: dnf install postgresql-server)." >&2
        exit 1
    fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
        # Somebody at a terminal can be asked for a password, a pipeline cannot.
        if ! command -v sudo >/dev/null || ! { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            echo "The PostgreSQL server programs are missing, and installing them needs root. As root run: apt-get install postgresql" >&2
            exit 1
        fi
    fi
    echo "Installing the PostgreSQL server programs (apt-get install postgresql)." >&2
    # Debian's package would start a server of its own; only its programs are wanted.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        echo "Telling Debian's package not to start a server of its own (create_main_cluster in /etc/postgresql-common/createcluster.conf)." >&2
        "${as_root[@]}" mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | "${as_root[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists that are here." >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null </dev/null || true
    if ! has_postgres; then
        echo "Installing did not bring the PostgreSQL server programs. Install them by hand: apt-get install postgresql" >&2
        exit 1
    fi
}

# The signatures of payment gateways are held against the gateways' own npm packages.
need_node() {
    if command -v node >/dev/null && command -v npm >/dev/null; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "node and npm are missing. Install Node.js 20 or newer: see https://nodejs.org" >&2
        exit 1
    fi
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    echo "Installing node and npm (apt-get install nodejs npm)." >&2
    "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists that are here." >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >/dev/null </dev/null || true
    if ! command -v npm >/dev/null; then
        echo "Installing did not bring npm. Install Node.js 20 or newer by hand: see https://nodejs.org" >&2
        exit 1
    fi
}

has_fonts() {
    compgen -G '/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf' >/dev/null && compgen -G '/usr/lib/*/libharfbuzz.so.0' >/dev/null
}

# Fonts and shaping for PDF files: without them Balatrix prints with what fonts there are, Indian scripts as boxes.
want_fonts() {
    if has_fonts; then
        return
    fi
    install_packages "fonts for PDF files" fonts-noto-core fonts-droid-fallback libharfbuzz0b || true
    if ! has_fonts; then
        echo "PDF files are printed with the fonts that are here. For Indian scripts install: apt-get install fonts-noto-core fonts-droid-fallback libharfbuzz0b" >&2
    fi
}

# The tests read PDF files back with poppler's programs, and the codes on them with zbar's, without which only those tests are left out.
need_pdf_tools() {
    want_fonts
    if command -v pdftotext >/dev/null && command -v zbarimg >/dev/null; then
        return
    fi
    install_packages "the programs that read PDF files" poppler-utils zbar-tools || true
    if ! command -v pdftotext >/dev/null; then
        echo "pdftotext is missing, and the tests of PDF files need it: apt-get install poppler-utils" >&2
        exit 1
    fi
}

# install_packages WHAT PACKAGE…: fails where packages cannot be installed here.
install_packages() {
    local what=$1 as_root=()
    shift
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo)
        command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; } || return 1
    fi
    echo "Installing $what (apt-get install $*)." >&2
    "${as_root[@]}" apt-get update -qq || echo "apt-get update failed; trying with the lists that are here." >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null </dev/null
}

# Builds the program when a source is newer than the last build.
build_balatrix() {
    local root=$1 stamp=$1/src/Web/bin/.built
    if [ -x "$root/src/Web/bin/Release/net10.0/balatrix" ] && [ -e "$stamp" ] &&
        [ -z "$(find "$root"/src "$root"/db "$root"/seed "$root"/Directory.* "$root"/global.json -type f -newer "$stamp" \
            -not -path '*/bin/*' -not -path '*/obj/*' -print -quit)" ]; then
        return
    fi
    need_dotnet
    echo "Building." >&2
    mkdir -p "$root/src/Web/bin"
    # The stamp is older than what was read, so that an edit during the build counts for the next one.
    touch "$stamp.new"
    dotnet build "$root/src/Web" --configuration Release --nologo --verbosity quiet >&2
    mv "$stamp.new" "$stamp"
}
