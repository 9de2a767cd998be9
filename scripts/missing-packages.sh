#!/usr/bin/env bash
# Prints the packages of apt.txt, in the named sections, that this machine lacks. Prints nothing where there is no dpkg.
# npm and postgresql count as present when their command is found, whoever installed it; python3-venv when venv can be imported.
set -eu
cd "$(dirname "$0")/.."
command -v dpkg-query >/dev/null 2>&1 || exit 0
section=""
out=""
while read -r line; do
  case "$line" in
    "# ["*) section=${line#"# ["}; section=${section%"]"}; continue ;;
    "#"*|"") continue ;;
  esac
  case " $* " in *" $section "*) ;; *) continue ;; esac
  case "$line" in
    npm) command -v npm >/dev/null 2>&1 && continue ;;
    postgresql) command -v initdb >/dev/null 2>&1 && continue; ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && continue ;;
    python3-venv) "${PYTHON:-python3}" -c 'import ensurepip, venv' >/dev/null 2>&1 && continue ;;
  esac
  dpkg-query -W -f='${Status}' "$line" 2>/dev/null | grep -q 'ok installed' || out="$out $line"
done < apt.txt
printf '%s' "${out# }"
